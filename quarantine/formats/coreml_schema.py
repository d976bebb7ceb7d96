"""The messages of Core ML's Model.proto and those that it includes, written by ``corpora/makers/protobuf_schemas.py``.

After the protobuf descriptors of coremltools 9.0 (specification version 9);
https://apple.github.io/coremltools/mlmodel/index.html says what they mean.
"""

from __future__ import annotations

from quarantine.formats.messages import parse_schema

SCHEMA = parse_schema(
    """\
Model 1:int 2:ModelDescription 10:int 200:PipelineClassifier|Type 201:PipelineRegressor|Type
  202:Pipeline|Type 300:GLMRegressor|Type 301:SupportVectorRegressor|Type 302:TreeEnsembleRegressor|Type
  303:NeuralNetworkRegressor|Type 304:BayesianProbitRegressor|Type 400:GLMClassifier|Type
  401:SupportVectorClassifier|Type 402:TreeEnsembleClassifier|Type 403:NeuralNetworkClassifier|Type
  404:KNearestNeighborsClassifier|Type 500:NeuralNetwork|Type 501:ItemSimilarityRecommender|Type
  502:MILSpec.Program|Type 555:CustomModel|Type 556:LinkedModel|Type 560:ClassConfidenceThresholding|Type
  600:OneHotEncoder|Type 601:Imputer|Type 602:FeatureVectorizer|Type 603:DictVectorizer|Type 604:Scaler|Type
  606:CategoricalMapping|Type 607:Normalizer|Type 609:ArrayFeatureExtractor|Type
  610:NonMaximumSuppression|Type 900:Identity|Type 2000:CoreMLModels.TextClassifier|Type
  2001:CoreMLModels.WordTagger|Type 2002:CoreMLModels.VisionFeaturePrint|Type
  2003:CoreMLModels.SoundAnalysisPreprocessing|Type 2004:CoreMLModels.Gazetteer|Type
  2005:CoreMLModels.WordEmbedding|Type 2006:CoreMLModels.AudioFeaturePrint|Type 3000:SerializedModel|Type
ModelDescription 1:FeatureDescription* 10:FeatureDescription* 11:text 12:text 13:FeatureDescription*
  20:FunctionDescription* 21:text 50:FeatureDescription* 100:Metadata
PipelineClassifier 1:Pipeline
PipelineRegressor 1:Pipeline
Pipeline 1:Model* 2:text*
GLMRegressor 1:GLMRegressor.DoubleArray* 2:f64* 3:int
SupportVectorRegressor 1:Kernel 2:SparseSupportVectors|supportVectors 3:DenseSupportVectors|supportVectors
  4:Coefficients 5:f64
TreeEnsembleRegressor 1:TreeEnsembleParameters 2:int
NeuralNetworkRegressor 1:NeuralNetworkLayer* 2:NeuralNetworkPreprocessing* 5:int 6:int
  10:NetworkUpdateParameters
BayesianProbitRegressor 1:int 2:BayesianProbitRegressor.Gaussian 3:BayesianProbitRegressor.FeatureWeight*
  10:text 11:text 12:text 13:text 20:text 21:text 22:text 23:text
GLMClassifier 1:GLMClassifier.DoubleArray* 2:f64* 3:int 4:int 100:StringVector|ClassLabels
  101:Int64Vector|ClassLabels
SupportVectorClassifier 1:Kernel 2:int* 3:SparseSupportVectors|supportVectors
  4:DenseSupportVectors|supportVectors 5:Coefficients* 6:f64* 7:f64* 8:f64* 100:StringVector|ClassLabels
  101:Int64Vector|ClassLabels
TreeEnsembleClassifier 1:TreeEnsembleParameters 2:int 100:StringVector|ClassLabels
  101:Int64Vector|ClassLabels
NeuralNetworkClassifier 1:NeuralNetworkLayer* 2:NeuralNetworkPreprocessing* 5:int 6:int
  10:NetworkUpdateParameters 100:StringVector|ClassLabels 101:Int64Vector|ClassLabels 200:text
KNearestNeighborsClassifier 1:NearestNeighborsIndex 3:Int64Parameter 100:StringVector|ClassLabels
  101:Int64Vector|ClassLabels 110:text|DefaultClassLabel 111:int|DefaultClassLabel
  200:UniformWeighting|WeightingScheme 210:InverseDistanceWeighting|WeightingScheme
NeuralNetwork 1:NeuralNetworkLayer* 2:NeuralNetworkPreprocessing* 5:int 6:int 10:NetworkUpdateParameters
ItemSimilarityRecommender 1:ItemSimilarityRecommender.SimilarItems* 2:StringVector 3:Int64Vector 10:text
  11:text 12:text 13:text 20:text 21:text
MILSpec.Program 1:int 2:MILSpec.Program.FunctionsEntry* 3:text 4:MILSpec.Program.AttributesEntry*
CustomModel 10:text 30:CustomModel.ParametersEntry* 40:text
LinkedModel 1:LinkedModelFile
ClassConfidenceThresholding 100:PrecisionRecallCurve*
OneHotEncoder 1:StringVector|CategoryType 2:Int64Vector|CategoryType 10:int 11:int
Imputer 1:f64|ImputedValue 2:int|ImputedValue 3:text|ImputedValue 4:DoubleVector|ImputedValue
  5:Int64Vector|ImputedValue 6:StringToDoubleMap|ImputedValue 7:Int64ToDoubleMap|ImputedValue
  11:f64|ReplaceValue 12:int|ReplaceValue 13:text|ReplaceValue
FeatureVectorizer 1:FeatureVectorizer.InputColumn*
DictVectorizer 1:StringVector|Map 2:Int64Vector|Map
Scaler 1:f64* 2:f64*
CategoricalMapping 1:StringToInt64Map|MappingType 2:Int64ToStringMap|MappingType 101:text|ValueOnUnknown
  102:int|ValueOnUnknown
Normalizer 1:int
ArrayFeatureExtractor 1:int*
NonMaximumSuppression 1:NonMaximumSuppression.PickTop 100:StringVector|ClassLabels
  101:Int64Vector|ClassLabels 110:f64 111:f64 200:text 201:text 202:text 203:text 210:text 211:text
Identity
CoreMLModels.TextClassifier 1:int 10:text 100:bytes 200:StringVector
CoreMLModels.WordTagger 1:int 10:text 20:text 21:text 22:text 23:text 100:bytes 200:StringVector
CoreMLModels.VisionFeaturePrint 20:CoreMLModels.VisionFeaturePrint.Scene|VisionFeaturePrintType
  21:CoreMLModels.VisionFeaturePrint.Objects|VisionFeaturePrintType
CoreMLModels.SoundAnalysisPreprocessing 20:CoreMLModels.SoundAnalysisPreprocessing.Vggish
CoreMLModels.Gazetteer 1:int 10:text 100:bytes 200:StringVector
CoreMLModels.WordEmbedding 1:int 10:text 100:bytes
CoreMLModels.AudioFeaturePrint 20:CoreMLModels.AudioFeaturePrint.Sound
SerializedModel 1:text 2:bytes
FeatureDescription 1:text 2:text 3:FeatureType
FunctionDescription 1:text 2:FeatureDescription* 3:FeatureDescription* 4:text 5:text 6:FeatureDescription*
Metadata 1:text 2:text 3:text 4:text 100:Metadata.UserDefinedEntry*
GLMRegressor.DoubleArray 1:f64*
Kernel 1:LinearKernel|kernel 2:RBFKernel|kernel 3:PolyKernel|kernel 4:SigmoidKernel|kernel
SparseSupportVectors 1:SparseVector*
DenseSupportVectors 1:DenseVector*
Coefficients 1:f64*
TreeEnsembleParameters 1:TreeEnsembleParameters.TreeNode* 2:int 3:f64*
NeuralNetworkLayer 1:text 2:text* 3:text* 4:Tensor* 5:Tensor* 10:int 100:ConvolutionLayerParams|layer
  120:PoolingLayerParams|layer 130:ActivationParams|layer 140:InnerProductLayerParams|layer
  150:EmbeddingLayerParams|layer 160:BatchnormLayerParams|layer 165:MeanVarianceNormalizeLayerParams|layer
  170:L2NormalizeLayerParams|layer 175:SoftmaxLayerParams|layer 180:LRNLayerParams|layer
  190:CropLayerParams|layer 200:PaddingLayerParams|layer 210:UpsampleLayerParams|layer
  211:ResizeBilinearLayerParams|layer 212:CropResizeLayerParams|layer 220:UnaryFunctionLayerParams|layer
  230:AddLayerParams|layer 231:MultiplyLayerParams|layer 240:AverageLayerParams|layer
  245:ScaleLayerParams|layer 250:BiasLayerParams|layer 260:MaxLayerParams|layer 261:MinLayerParams|layer
  270:DotProductLayerParams|layer 280:ReduceLayerParams|layer 290:LoadConstantLayerParams|layer
  300:ReshapeLayerParams|layer 301:FlattenLayerParams|layer 310:PermuteLayerParams|layer
  320:ConcatLayerParams|layer 330:SplitLayerParams|layer 340:SequenceRepeatLayerParams|layer
  345:ReorganizeDataLayerParams|layer 350:SliceLayerParams|layer 400:SimpleRecurrentLayerParams|layer
  410:GRULayerParams|layer 420:UniDirectionalLSTMLayerParams|layer 430:BiDirectionalLSTMLayerParams|layer
  500:CustomLayerParams|layer 600:CopyLayerParams|layer 605:BranchLayerParams|layer
  615:LoopLayerParams|layer 620:LoopBreakLayerParams|layer 625:LoopContinueLayerParams|layer
  635:RangeStaticLayerParams|layer 640:RangeDynamicLayerParams|layer 660:ClipLayerParams|layer
  665:CeilLayerParams|layer 670:FloorLayerParams|layer 680:SignLayerParams|layer 685:RoundLayerParams|layer
  700:Exp2LayerParams|layer 710:SinLayerParams|layer 715:CosLayerParams|layer 720:TanLayerParams|layer
  730:AsinLayerParams|layer 735:AcosLayerParams|layer 740:AtanLayerParams|layer 750:SinhLayerParams|layer
  755:CoshLayerParams|layer 760:TanhLayerParams|layer 770:AsinhLayerParams|layer 775:AcoshLayerParams|layer
  780:AtanhLayerParams|layer 790:ErfLayerParams|layer 795:GeluLayerParams|layer 815:EqualLayerParams|layer
  820:NotEqualLayerParams|layer 825:LessThanLayerParams|layer 827:LessEqualLayerParams|layer
  830:GreaterThanLayerParams|layer 832:GreaterEqualLayerParams|layer 840:LogicalOrLayerParams|layer
  845:LogicalXorLayerParams|layer 850:LogicalNotLayerParams|layer 855:LogicalAndLayerParams|layer
  865:ModBroadcastableLayerParams|layer 870:MinBroadcastableLayerParams|layer
  875:MaxBroadcastableLayerParams|layer 880:AddBroadcastableLayerParams|layer
  885:PowBroadcastableLayerParams|layer 890:DivideBroadcastableLayerParams|layer
  895:FloorDivBroadcastableLayerParams|layer 900:MultiplyBroadcastableLayerParams|layer
  905:SubtractBroadcastableLayerParams|layer 920:TileLayerParams|layer 925:StackLayerParams|layer
  930:GatherLayerParams|layer 935:ScatterLayerParams|layer 940:GatherNDLayerParams|layer
  945:ScatterNDLayerParams|layer 950:SoftmaxNDLayerParams|layer 952:GatherAlongAxisLayerParams|layer
  954:ScatterAlongAxisLayerParams|layer 960:ReverseLayerParams|layer 965:ReverseSeqLayerParams|layer
  975:SplitNDLayerParams|layer 980:ConcatNDLayerParams|layer 985:TransposeLayerParams|layer
  995:SliceStaticLayerParams|layer 1000:SliceDynamicLayerParams|layer 1005:SlidingWindowsLayerParams|layer
  1015:TopKLayerParams|layer 1020:ArgMinLayerParams|layer 1025:ArgMaxLayerParams|layer
  1040:EmbeddingNDLayerParams|layer 1045:BatchedMatMulLayerParams|layer 1065:GetShapeLayerParams|layer
  1070:LoadConstantNDLayerParams|layer 1080:FillLikeLayerParams|layer 1085:FillStaticLayerParams|layer
  1090:FillDynamicLayerParams|layer 1100:BroadcastToLikeLayerParams|layer
  1105:BroadcastToStaticLayerParams|layer 1110:BroadcastToDynamicLayerParams|layer
  1120:SqueezeLayerParams|layer 1125:ExpandDimsLayerParams|layer 1130:FlattenTo2DLayerParams|layer
  1135:ReshapeLikeLayerParams|layer 1140:ReshapeStaticLayerParams|layer 1145:ReshapeDynamicLayerParams|layer
  1150:RankPreservingReshapeLayerParams|layer 1155:ConstantPaddingLayerParams|layer
  1170:RandomNormalLikeLayerParams|layer 1175:RandomNormalStaticLayerParams|layer
  1180:RandomNormalDynamicLayerParams|layer 1190:RandomUniformLikeLayerParams|layer
  1195:RandomUniformStaticLayerParams|layer 1200:RandomUniformDynamicLayerParams|layer
  1210:RandomBernoulliLikeLayerParams|layer 1215:RandomBernoulliStaticLayerParams|layer
  1220:RandomBernoulliDynamicLayerParams|layer 1230:CategoricalDistributionLayerParams|layer
  1250:ReduceL1LayerParams|layer 1255:ReduceL2LayerParams|layer 1260:ReduceMaxLayerParams|layer
  1265:ReduceMinLayerParams|layer 1270:ReduceSumLayerParams|layer 1275:ReduceProdLayerParams|layer
  1280:ReduceMeanLayerParams|layer 1285:ReduceLogSumLayerParams|layer 1290:ReduceSumSquareLayerParams|layer
  1295:ReduceLogSumExpLayerParams|layer 1313:WhereNonZeroLayerParams|layer
  1315:MatrixBandPartLayerParams|layer 1320:LowerTriangularLayerParams|layer
  1325:UpperTriangularLayerParams|layer 1330:WhereBroadcastableLayerParams|layer
  1350:LayerNormalizationLayerParams|layer 1400:NonMaximumSuppressionLayerParams|layer
  1450:OneHotLayerParams|layer 1455:CumSumLayerParams|layer 1460:ClampedReLULayerParams|layer
  1461:ArgSortLayerParams|layer 1465:Pooling3DLayerParams|layer 1466:GlobalPooling3DLayerParams|layer
  1470:SliceBySizeLayerParams|layer 1471:Convolution3DLayerParams|layer
NeuralNetworkPreprocessing 1:text 10:NeuralNetworkImageScaler|preprocessor
  11:NeuralNetworkMeanImage|preprocessor
NetworkUpdateParameters 1:LossLayer* 2:Optimizer 3:Int64Parameter 10:BoolParameter 20:Int64Parameter
BayesianProbitRegressor.Gaussian 1:f64 2:f64
BayesianProbitRegressor.FeatureWeight 1:int 2:BayesianProbitRegressor.FeatureValueWeight*
GLMClassifier.DoubleArray 1:f64*
StringVector 1:text*
Int64Vector 1:int*
NearestNeighborsIndex 1:int 2:FloatVector* 100:LinearIndex|IndexType 110:SingleKdTreeIndex|IndexType
  200:SquaredEuclideanDistance
Int64Parameter 1:int 10:Int64Range|AllowedValues 11:Int64Set|AllowedValues
UniformWeighting
InverseDistanceWeighting
ItemSimilarityRecommender.SimilarItems 1:int 2:ItemSimilarityRecommender.ConnectedItem* 3:f64
MILSpec.Program.FunctionsEntry 1:text 2:MILSpec.Function
MILSpec.Program.AttributesEntry 1:text 2:MILSpec.Value
CustomModel.ParametersEntry 1:text 2:CustomModel.CustomModelParamValue
LinkedModelFile 1:StringParameter 2:StringParameter
PrecisionRecallCurve 1:FloatVector 2:FloatVector 3:FloatVector 4:FloatVector
DoubleVector 1:f64*
StringToDoubleMap 1:StringToDoubleMap.MapEntry*
Int64ToDoubleMap 1:Int64ToDoubleMap.MapEntry*
FeatureVectorizer.InputColumn 1:text 2:int
StringToInt64Map 1:StringToInt64Map.MapEntry*
Int64ToStringMap 1:Int64ToStringMap.MapEntry*
NonMaximumSuppression.PickTop 1:int
CoreMLModels.VisionFeaturePrint.Scene 1:int
CoreMLModels.VisionFeaturePrint.Objects 1:int 100:text*
CoreMLModels.SoundAnalysisPreprocessing.Vggish
CoreMLModels.AudioFeaturePrint.Sound 1:int
FeatureType 1:Int64FeatureType|Type 2:DoubleFeatureType|Type 3:StringFeatureType|Type
  4:ImageFeatureType|Type 5:ArrayFeatureType|Type 6:DictionaryFeatureType|Type 7:SequenceFeatureType|Type
  8:StateFeatureType|Type 1000:int
Metadata.UserDefinedEntry 1:text 2:text
LinearKernel
RBFKernel 1:f64
PolyKernel 1:int 2:f64 3:f64
SigmoidKernel 1:f64 2:f64
SparseVector 1:SparseNode*
DenseVector 1:f64*
TreeEnsembleParameters.TreeNode 1:int 2:int 3:int 10:int 11:f64 12:int 13:int 14:int
  20:TreeEnsembleParameters.TreeNode.EvaluationInfo* 30:f64
Tensor 1:int 2:int*
ConvolutionLayerParams 1:int 2:int 10:int 20:int* 30:int* 40:int* 50:ValidPadding|ConvolutionPaddingType
  51:SamePadding|ConvolutionPaddingType 60:int 70:int 90:WeightParams 91:WeightParams 100:int*
PoolingLayerParams 1:int 10:int* 20:int* 30:ValidPadding|PoolingPaddingType
  31:SamePadding|PoolingPaddingType 32:PoolingLayerParams.ValidCompletePadding|PoolingPaddingType 50:int
  60:int
ActivationParams 5:ActivationLinear|NonlinearityType 10:ActivationReLU|NonlinearityType
  15:ActivationLeakyReLU|NonlinearityType 20:ActivationThresholdedReLU|NonlinearityType
  25:ActivationPReLU|NonlinearityType 30:ActivationTanh|NonlinearityType
  31:ActivationScaledTanh|NonlinearityType 40:ActivationSigmoid|NonlinearityType
  41:ActivationSigmoidHard|NonlinearityType 50:ActivationELU|NonlinearityType
  60:ActivationSoftsign|NonlinearityType 70:ActivationSoftplus|NonlinearityType
  71:ActivationParametricSoftplus|NonlinearityType
InnerProductLayerParams 1:int 2:int 10:int 20:WeightParams 21:WeightParams 22:int
EmbeddingLayerParams 1:int 2:int 10:int 20:WeightParams 21:WeightParams
BatchnormLayerParams 1:int 5:int 6:int 10:f32 15:WeightParams 16:WeightParams 17:WeightParams
  18:WeightParams
MeanVarianceNormalizeLayerParams 1:int 2:int 3:f32
L2NormalizeLayerParams 1:f32
SoftmaxLayerParams
LRNLayerParams 1:f32 2:f32 3:int 4:f32
CropLayerParams 1:BorderAmounts 5:int*
PaddingLayerParams 1:PaddingLayerParams.PaddingConstant|PaddingType
  2:PaddingLayerParams.PaddingReflection|PaddingType 3:PaddingLayerParams.PaddingReplication|PaddingType
  10:BorderAmounts
UpsampleLayerParams 1:int* 5:int 6:int 7:f32*
ResizeBilinearLayerParams 1:int* 2:SamplingMode
CropResizeLayerParams 1:int* 2:int 3:SamplingMode 4:BoxCoordinatesMode 5:f32
UnaryFunctionLayerParams 1:int 2:f32 3:f32 4:f32 5:f32
AddLayerParams 1:f32
MultiplyLayerParams 1:f32
AverageLayerParams
ScaleLayerParams 1:int* 2:WeightParams 3:int 4:int* 5:WeightParams
BiasLayerParams 1:int* 2:WeightParams
MaxLayerParams
MinLayerParams
DotProductLayerParams 1:int
ReduceLayerParams 1:int 2:f32 3:int
LoadConstantLayerParams 1:int* 2:WeightParams
ReshapeLayerParams 1:int* 2:int
FlattenLayerParams 1:int
PermuteLayerParams 1:int*
ConcatLayerParams 100:int
SplitLayerParams 1:int
SequenceRepeatLayerParams 1:int
ReorganizeDataLayerParams 1:int 2:int
SliceLayerParams 1:int 2:int 3:int 4:int
SimpleRecurrentLayerParams 1:int 2:int 10:ActivationParams 15:int 20:int 30:WeightParams 31:WeightParams
  32:WeightParams 100:int
GRULayerParams 1:int 2:int 10:ActivationParams* 15:int 20:int 30:WeightParams 31:WeightParams
  32:WeightParams 50:WeightParams 51:WeightParams 52:WeightParams 70:WeightParams 71:WeightParams
  72:WeightParams 100:int
UniDirectionalLSTMLayerParams 1:int 2:int 10:ActivationParams* 15:LSTMParams 20:LSTMWeightParams 100:int
BiDirectionalLSTMLayerParams 1:int 2:int 10:ActivationParams* 11:ActivationParams* 15:LSTMParams
  20:LSTMWeightParams*
CustomLayerParams 10:text 20:WeightParams* 30:CustomLayerParams.ParametersEntry* 40:text
CopyLayerParams
BranchLayerParams 1:NeuralNetwork 2:NeuralNetwork
LoopLayerParams 1:int 2:text 3:NeuralNetwork 4:NeuralNetwork
LoopBreakLayerParams
LoopContinueLayerParams
RangeStaticLayerParams 1:f32 2:f32 3:f32
RangeDynamicLayerParams 2:f32 3:f32
ClipLayerParams 1:f32 2:f32
CeilLayerParams
FloorLayerParams
SignLayerParams
RoundLayerParams
Exp2LayerParams
SinLayerParams
CosLayerParams
TanLayerParams
AsinLayerParams
AcosLayerParams
AtanLayerParams
SinhLayerParams
CoshLayerParams
TanhLayerParams
AsinhLayerParams
AcoshLayerParams
AtanhLayerParams
ErfLayerParams
GeluLayerParams 1:int
EqualLayerParams 1:f32
NotEqualLayerParams 1:f32
LessThanLayerParams 2:f32
LessEqualLayerParams 2:f32
GreaterThanLayerParams 2:f32
GreaterEqualLayerParams 2:f32
LogicalOrLayerParams
LogicalXorLayerParams
LogicalNotLayerParams
LogicalAndLayerParams
ModBroadcastableLayerParams
MinBroadcastableLayerParams
MaxBroadcastableLayerParams
AddBroadcastableLayerParams
PowBroadcastableLayerParams
DivideBroadcastableLayerParams
FloorDivBroadcastableLayerParams
MultiplyBroadcastableLayerParams
SubtractBroadcastableLayerParams
TileLayerParams 1:int*
StackLayerParams 1:int
GatherLayerParams 1:int
ScatterLayerParams 1:int 2:int
GatherNDLayerParams
ScatterNDLayerParams 1:int
SoftmaxNDLayerParams 1:int
GatherAlongAxisLayerParams 1:int
ScatterAlongAxisLayerParams 1:int 2:int
ReverseLayerParams 1:int*
ReverseSeqLayerParams 1:int 2:int
SplitNDLayerParams 1:int 2:int 3:int*
ConcatNDLayerParams 1:int 2:int
TransposeLayerParams 1:int*
SliceStaticLayerParams 1:int* 2:int* 3:int* 4:int* 5:int* 6:int*
SliceDynamicLayerParams 2:int* 3:int* 4:int* 5:int* 6:int*
SlidingWindowsLayerParams 1:int 2:int 3:int
TopKLayerParams 1:int 2:int 3:int
ArgMinLayerParams 1:int 2:int
ArgMaxLayerParams 1:int 2:int
EmbeddingNDLayerParams 1:int 2:int 3:int 20:WeightParams 21:WeightParams
BatchedMatMulLayerParams 1:int 2:int 5:int 6:int 7:int 8:WeightParams 9:WeightParams 10:int
GetShapeLayerParams
LoadConstantNDLayerParams 1:int* 2:WeightParams
FillLikeLayerParams 1:f32
FillStaticLayerParams 1:f32 2:int*
FillDynamicLayerParams 1:f32
BroadcastToLikeLayerParams
BroadcastToStaticLayerParams 1:int*
BroadcastToDynamicLayerParams
SqueezeLayerParams 1:int* 2:int
ExpandDimsLayerParams 1:int*
FlattenTo2DLayerParams 1:int
ReshapeLikeLayerParams
ReshapeStaticLayerParams 1:int*
ReshapeDynamicLayerParams
RankPreservingReshapeLayerParams 1:int*
ConstantPaddingLayerParams 1:f32 2:int* 3:int
RandomNormalLikeLayerParams 1:int 2:f32 3:f32
RandomNormalStaticLayerParams 1:int 2:f32 3:f32 4:int*
RandomNormalDynamicLayerParams 1:int 2:f32 3:f32
RandomUniformLikeLayerParams 1:int 2:f32 3:f32
RandomUniformStaticLayerParams 1:int 2:f32 3:f32 4:int*
RandomUniformDynamicLayerParams 1:int 2:f32 3:f32
RandomBernoulliLikeLayerParams 1:int 2:f32
RandomBernoulliStaticLayerParams 1:int 2:f32 3:int*
RandomBernoulliDynamicLayerParams 1:int 2:f32
CategoricalDistributionLayerParams 1:int 2:int 3:int 4:f32 5:f32
ReduceL1LayerParams 1:int* 2:int 3:int
ReduceL2LayerParams 1:int* 2:int 3:int
ReduceMaxLayerParams 1:int* 2:int 3:int
ReduceMinLayerParams 1:int* 2:int 3:int
ReduceSumLayerParams 1:int* 2:int 3:int
ReduceProdLayerParams 1:int* 2:int 3:int
ReduceMeanLayerParams 1:int* 2:int 3:int
ReduceLogSumLayerParams 1:int* 2:int 3:int
ReduceSumSquareLayerParams 1:int* 2:int 3:int
ReduceLogSumExpLayerParams 1:int* 2:int 3:int
WhereNonZeroLayerParams
MatrixBandPartLayerParams 1:int 2:int
LowerTriangularLayerParams 1:int
UpperTriangularLayerParams 1:int
WhereBroadcastableLayerParams
LayerNormalizationLayerParams 1:int* 2:f32 3:WeightParams 4:WeightParams
NonMaximumSuppressionLayerParams 1:f32 2:f32 3:int 4:int
OneHotLayerParams 1:int 2:int 3:f32 4:f32
CumSumLayerParams 1:int 2:int 3:int
ClampedReLULayerParams 1:f32 2:f32
ArgSortLayerParams 1:int 2:int
Pooling3DLayerParams 1:int 2:int 3:int 4:int 5:int 6:int 7:int 8:int 9:int 10:int 11:int 12:int 13:int
  14:int 15:int
GlobalPooling3DLayerParams 1:int
SliceBySizeLayerParams 2:int 3:int
Convolution3DLayerParams 1:int 2:int 10:int 20:int 21:int 22:int 31:int 32:int 33:int 40:int 41:int 42:int
  50:int 60:WeightParams 61:WeightParams 70:int 80:int 81:int 82:int 83:int 84:int 85:int 86:int 87:int*
NeuralNetworkImageScaler 10:f32 20:f32 21:f32 22:f32 30:f32
NeuralNetworkMeanImage 1:f32*
LossLayer 1:text 10:CategoricalCrossEntropyLossLayer|LossLayerType
  11:MeanSquaredErrorLossLayer|LossLayerType
Optimizer 10:SGDOptimizer|OptimizerType 11:AdamOptimizer|OptimizerType
BoolParameter 1:int
BayesianProbitRegressor.FeatureValueWeight 1:int 2:BayesianProbitRegressor.Gaussian
FloatVector 1:f32*
LinearIndex
SingleKdTreeIndex 1:int
SquaredEuclideanDistance
Int64Range 1:int 2:int
Int64Set 1:int*
ItemSimilarityRecommender.ConnectedItem 1:int 2:f64
MILSpec.Function 1:MILSpec.NamedValueType* 2:text 3:MILSpec.Function.BlockSpecializationsEntry*
  4:MILSpec.Function.AttributesEntry*
MILSpec.Value 1:text 2:MILSpec.ValueType 3:MILSpec.Value.ImmediateValue|value
  5:MILSpec.Value.BlobFileValue|value
CustomModel.CustomModelParamValue 10:f64|value 20:text|value 30:int|value 40:int|value 50:int|value
  60:bytes|value
StringParameter 1:text
StringToDoubleMap.MapEntry 1:text 2:f64
Int64ToDoubleMap.MapEntry 1:int 2:f64
StringToInt64Map.MapEntry 1:text 2:int
Int64ToStringMap.MapEntry 1:int 2:text
Int64FeatureType
DoubleFeatureType
StringFeatureType
ImageFeatureType 1:int 2:int 3:int 21:ImageFeatureType.EnumeratedImageSizes|SizeFlexibility
  31:ImageFeatureType.ImageSizeRange|SizeFlexibility
ArrayFeatureType 1:int* 2:int 21:ArrayFeatureType.EnumeratedShapes|ShapeFlexibility
  31:ArrayFeatureType.ShapeRange|ShapeFlexibility 41:int|defaultOptionalValue 51:f32|defaultOptionalValue
  61:f64|defaultOptionalValue
DictionaryFeatureType 1:Int64FeatureType|KeyType 2:StringFeatureType|KeyType
SequenceFeatureType 1:Int64FeatureType|Type 3:StringFeatureType|Type 101:SizeRange
StateFeatureType 1:ArrayFeatureType
SparseNode 1:int 2:f64
TreeEnsembleParameters.TreeNode.EvaluationInfo 1:int 2:f64
ValidPadding 1:BorderAmounts
SamePadding 1:int
WeightParams 1:f32* 2:bytes 30:bytes 31:bytes 40:QuantizationParams 50:int
PoolingLayerParams.ValidCompletePadding 10:int*
ActivationLinear 1:f32 2:f32
ActivationReLU
ActivationLeakyReLU 1:f32
ActivationThresholdedReLU 1:f32
ActivationPReLU 1:WeightParams
ActivationTanh
ActivationScaledTanh 1:f32 2:f32
ActivationSigmoid
ActivationSigmoidHard 1:f32 2:f32
ActivationELU 1:f32
ActivationSoftsign
ActivationSoftplus
ActivationParametricSoftplus 1:WeightParams 2:WeightParams
BorderAmounts 10:BorderAmounts.EdgeSizes*
PaddingLayerParams.PaddingConstant 1:f32
PaddingLayerParams.PaddingReflection
PaddingLayerParams.PaddingReplication
SamplingMode 1:int
BoxCoordinatesMode 1:int
LSTMParams 10:int 20:int 30:int 40:int 50:int 60:f32
LSTMWeightParams 1:WeightParams 2:WeightParams 3:WeightParams 4:WeightParams 20:WeightParams 21:WeightParams
  22:WeightParams 23:WeightParams 40:WeightParams 41:WeightParams 42:WeightParams 43:WeightParams
  60:WeightParams 61:WeightParams 62:WeightParams
CustomLayerParams.ParametersEntry 1:text 2:CustomLayerParams.CustomLayerParamValue
CategoricalCrossEntropyLossLayer 1:text 2:text
MeanSquaredErrorLossLayer 1:text 2:text
SGDOptimizer 1:DoubleParameter 2:Int64Parameter 3:DoubleParameter
AdamOptimizer 1:DoubleParameter 2:Int64Parameter 3:DoubleParameter 4:DoubleParameter 5:DoubleParameter
MILSpec.NamedValueType 1:text 2:MILSpec.ValueType
MILSpec.Function.BlockSpecializationsEntry 1:text 2:MILSpec.Block
MILSpec.Function.AttributesEntry 1:text 2:MILSpec.Value
MILSpec.ValueType 1:MILSpec.TensorType|type 2:MILSpec.ListType|type 3:MILSpec.TupleType|type
  4:MILSpec.DictionaryType|type 5:MILSpec.StateType|type
MILSpec.Value.ImmediateValue 1:MILSpec.TensorValue|value 2:MILSpec.TupleValue|value
  3:MILSpec.ListValue|value 4:MILSpec.DictionaryValue|value
MILSpec.Value.BlobFileValue 1:text 2:int
ImageFeatureType.EnumeratedImageSizes 1:ImageFeatureType.ImageSize*
ImageFeatureType.ImageSizeRange 1:SizeRange 2:SizeRange
ArrayFeatureType.EnumeratedShapes 1:ArrayFeatureType.Shape*
ArrayFeatureType.ShapeRange 1:SizeRange*
SizeRange 1:int 2:int
QuantizationParams 1:int 101:LinearQuantizationParams|QuantizationType
  102:LookUpTableQuantizationParams|QuantizationType
BorderAmounts.EdgeSizes 1:int 2:int
CustomLayerParams.CustomLayerParamValue 10:f64|value 20:text|value 30:int|value 40:int|value 50:int|value
DoubleParameter 1:f64 10:DoubleRange
MILSpec.Block 1:MILSpec.NamedValueType* 2:text* 3:MILSpec.Operation* 4:MILSpec.Block.AttributesEntry*
MILSpec.TensorType 1:int 2:int 3:MILSpec.Dimension* 4:MILSpec.TensorType.AttributesEntry*
MILSpec.ListType 1:MILSpec.ValueType 2:MILSpec.Dimension
MILSpec.TupleType 1:MILSpec.ValueType*
MILSpec.DictionaryType 1:MILSpec.ValueType 2:MILSpec.ValueType
MILSpec.StateType 1:MILSpec.ValueType
MILSpec.TensorValue 1:MILSpec.TensorValue.RepeatedFloats|value 2:MILSpec.TensorValue.RepeatedInts|value
  3:MILSpec.TensorValue.RepeatedBools|value 4:MILSpec.TensorValue.RepeatedStrings|value
  5:MILSpec.TensorValue.RepeatedLongInts|value 6:MILSpec.TensorValue.RepeatedDoubles|value
  7:MILSpec.TensorValue.RepeatedBytes|value
MILSpec.TupleValue 1:MILSpec.Value*
MILSpec.ListValue 1:MILSpec.Value*
MILSpec.DictionaryValue 1:MILSpec.DictionaryValue.KeyValuePair*
ImageFeatureType.ImageSize 1:int 2:int
ArrayFeatureType.Shape 1:int*
LinearQuantizationParams 1:f32* 2:f32*
LookUpTableQuantizationParams 1:f32*
DoubleRange 1:f64 2:f64
MILSpec.Operation 1:text 2:MILSpec.Operation.InputsEntry* 3:MILSpec.NamedValueType* 4:MILSpec.Block*
  5:MILSpec.Operation.AttributesEntry*
MILSpec.Block.AttributesEntry 1:text 2:MILSpec.Value
MILSpec.Dimension 1:MILSpec.Dimension.ConstantDimension|dimension
  2:MILSpec.Dimension.UnknownDimension|dimension
MILSpec.TensorType.AttributesEntry 1:text 2:MILSpec.Value
MILSpec.TensorValue.RepeatedFloats 1:f32*
MILSpec.TensorValue.RepeatedInts 1:int*
MILSpec.TensorValue.RepeatedBools 1:int*
MILSpec.TensorValue.RepeatedStrings 1:text*
MILSpec.TensorValue.RepeatedLongInts 1:int*
MILSpec.TensorValue.RepeatedDoubles 1:f64*
MILSpec.TensorValue.RepeatedBytes 1:bytes
MILSpec.DictionaryValue.KeyValuePair 1:MILSpec.Value 2:MILSpec.Value
MILSpec.Operation.InputsEntry 1:text 2:MILSpec.Argument
MILSpec.Operation.AttributesEntry 1:text 2:MILSpec.Value
MILSpec.Dimension.ConstantDimension 1:int
MILSpec.Dimension.UnknownDimension 1:int
MILSpec.Argument 1:MILSpec.Argument.Binding*
MILSpec.Argument.Binding 1:text|binding 2:MILSpec.Value|binding"""
)
