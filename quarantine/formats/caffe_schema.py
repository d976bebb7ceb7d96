"""The messages of Caffe's caffe.proto, written by ``corpora/makers/protobuf_schemas.py``.

After the protobuf descriptors of caffe-onnx 0.1.2 (https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto).
"""

from __future__ import annotations

from quarantine.formats.messages import parse_schema

SCHEMA = parse_schema(
    """\
NetParameter 1:text 2:V1LayerParameter* 3:text* 4:int* 5:int 6:NetState 7:int 8:BlobShape*
  100:LayerParameter*
V1LayerParameter 1:V0LayerParameter 2:text* 3:text* 4:text 5:int 6:BlobProto* 7:f32* 8:f32*
  9:ConcatParameter 10:ConvolutionParameter 11:DataParameter 12:DropoutParameter 13:HDF5DataParameter
  14:HDF5OutputParameter 15:ImageDataParameter 16:InfogainLossParameter 17:InnerProductParameter
  18:LRNParameter 19:PoolingParameter 20:WindowDataParameter 21:PowerParameter 22:MemoryDataParameter
  23:ArgMaxParameter 24:EltwiseParameter 25:ThresholdParameter 26:DummyDataParameter 27:AccuracyParameter
  29:HingeLossParameter 30:ReLUParameter 31:SliceParameter 32:NetStateRule* 33:NetStateRule* 34:MVNParameter
  35:f32* 36:TransformationParameter 37:TanHParameter 38:SigmoidParameter 39:SoftmaxParameter
  40:ContrastiveLossParameter 41:ExpParameter 42:LossParameter 1001:text* 1002:int*
NetState 1:int 2:int 3:text*
BlobShape 1:int*
LayerParameter 1:text 2:text 3:text* 4:text* 5:f32* 6:ParamSpec* 7:BlobProto* 8:NetStateRule*
  9:NetStateRule* 10:int 11:int* 100:TransformationParameter 101:LossParameter 102:AccuracyParameter
  103:ArgMaxParameter 104:ConcatParameter 105:ContrastiveLossParameter 106:ConvolutionParameter
  107:DataParameter 108:DropoutParameter 109:DummyDataParameter 110:EltwiseParameter 111:ExpParameter
  112:HDF5DataParameter 113:HDF5OutputParameter 114:HingeLossParameter 115:ImageDataParameter
  116:InfogainLossParameter 117:InnerProductParameter 118:LRNParameter 119:MemoryDataParameter
  120:MVNParameter 121:PoolingParameter 122:PowerParameter 123:ReLUParameter 124:SigmoidParameter
  125:SoftmaxParameter 126:SliceParameter 127:TanHParameter 128:ThresholdParameter 129:WindowDataParameter
  130:PythonParameter 131:PReLUParameter 132:SPPParameter 133:ReshapeParameter 134:LogParameter
  135:FlattenParameter 136:ReductionParameter 137:EmbedParameter 138:TileParameter 139:BatchNormParameter
  140:ELUParameter 141:BiasParameter 142:ScaleParameter 143:InputParameter 144:CropParameter
  145:ParameterParameter 146:RecurrentParameter 147:SwishParameter 148:ClipParameter
V0LayerParameter 1:text 2:text 3:int 4:int 5:FillerParameter 6:FillerParameter 7:int 8:int 9:int 10:int
  11:int 12:f32 13:int 14:f32 15:f32 16:text 17:f32 18:text 19:int 20:int 21:int 22:f32 50:BlobProto*
  51:f32* 52:f32* 53:int 54:f32 55:f32 56:f32 58:int 59:text 60:int 61:int 62:int 63:int 64:int 65:int
  1001:HDF5OutputParameter
BlobProto 1:int 2:int 3:int 4:int 5:f32* 6:f32* 7:BlobShape 8:f64* 9:f64*
ConcatParameter 1:int 2:int
ConvolutionParameter 1:int 2:int 3:int* 4:int* 5:int 6:int* 7:FillerParameter 8:FillerParameter 9:int 10:int
  11:int 12:int 13:int 14:int 15:int 16:int 17:int 18:int*
DataParameter 1:text 2:f32 3:text 4:int 5:int 6:int 7:int 8:int 9:int 10:int
DropoutParameter 1:f32
HDF5DataParameter 1:text 2:int 3:int
HDF5OutputParameter 1:text
ImageDataParameter 1:text 2:f32 3:text 4:int 5:int 6:int 7:int 8:int 9:int 10:int 11:int 12:text
InfogainLossParameter 1:text 2:int
InnerProductParameter 1:int 2:int 3:FillerParameter 4:FillerParameter 5:int 6:int
LRNParameter 1:int 2:f32 3:f32 4:int 5:f32 6:int
PoolingParameter 1:int 2:int 3:int 4:int 5:int 6:int 7:int 8:int 9:int 10:int 11:int 12:int 13:int
WindowDataParameter 1:text 2:f32 3:text 4:int 5:int 6:int 7:f32 8:f32 9:f32 10:int 11:text 12:int 13:text
PowerParameter 1:f32 2:f32 3:f32
MemoryDataParameter 1:int 2:int 3:int 4:int
ArgMaxParameter 1:int 2:int 3:int
EltwiseParameter 1:int 2:f32* 3:int
ThresholdParameter 1:f32
DummyDataParameter 1:FillerParameter* 2:int* 3:int* 4:int* 5:int* 6:BlobShape*
AccuracyParameter 1:int 2:int 3:int
HingeLossParameter 1:int
ReLUParameter 1:f32 2:int
SliceParameter 1:int 2:int* 3:int
NetStateRule 1:int 2:int 3:int 4:text* 5:text*
MVNParameter 1:int 2:int 3:f32
TransformationParameter 1:f32 2:int 3:int 4:text 5:f32* 6:int 7:int
TanHParameter 1:int
SigmoidParameter 1:int
SoftmaxParameter 1:int 2:int
ContrastiveLossParameter 1:f32 2:int
ExpParameter 1:f32 2:f32 3:f32
LossParameter 1:int 2:int 3:int
ParamSpec 1:text 2:int 3:f32 4:f32
PythonParameter 1:text 2:text 3:text 4:int
PReLUParameter 1:FillerParameter 2:int
SPPParameter 1:int 2:int 6:int
ReshapeParameter 1:BlobShape 2:int 3:int
LogParameter 1:f32 2:f32 3:f32
FlattenParameter 1:int 2:int
ReductionParameter 1:int 2:int 3:f32
EmbedParameter 1:int 2:int 3:int 4:FillerParameter 5:FillerParameter
TileParameter 1:int 2:int
BatchNormParameter 1:int 2:f32 3:f32
ELUParameter 1:f32
BiasParameter 1:int 2:int 3:FillerParameter
ScaleParameter 1:int 2:int 3:FillerParameter 4:int 5:FillerParameter
InputParameter 1:BlobShape*
CropParameter 1:int 2:int*
ParameterParameter 1:BlobShape
RecurrentParameter 1:int 2:FillerParameter 3:FillerParameter 4:int 5:int
SwishParameter 1:f32
ClipParameter 1:f32 2:f32
FillerParameter 1:text 2:f32 3:f32 4:f32 5:f32 6:f32 7:int 8:int"""
)
