"""The messages of PaddlePaddle's framework.proto, written by ``corpora/makers/protobuf_schemas.py``.

After the protobuf descriptors of paddlepaddle 3.3.1 (paddle/fluid/framework/framework.proto).
"""

from __future__ import annotations

from quarantine.formats.messages import parse_schema

SCHEMA = parse_schema(
    """\
ProgramDesc 1:BlockDesc* 4:Version 5:OpVersionMap
BlockDesc 1:int 2:int 3:VarDesc* 4:OpDesc* 5:int
Version 1:int
OpVersionMap 1:OpVersionMap.OpVersionPair*
VarDesc 1:text 2:VarType 3:int 4:int 5:int 6:int 7:VarDesc.Attr*
OpDesc 1:OpDesc.Var* 2:OpDesc.Var* 3:text 4:OpDesc.Attr* 5:int
OpVersionMap.OpVersionPair 1:text 2:OpVersion
VarType 1:int 2:VarType.TensorDesc 3:VarType.DenseTensorDesc 4:VarType.DenseTensorArrayDesc
  5:VarType.ReaderDesc 7:VarType.Tuple 8:VarType.TensorDesc 9:VarType.TensorDesc 10:VarType.TensorDesc
  11:VarType.TensorDesc 12:VarType.TensorDesc
VarDesc.Attr 1:text 2:int 3:int 4:text 5:int*
OpDesc.Var 1:text 2:text*
OpDesc.Attr 1:text 2:int 3:int 4:f32 5:text 6:int* 7:f32* 8:text* 10:int 11:int* 12:int 13:int 14:int*
  15:int* 16:f64* 17:text 18:text* 19:f64 20:Scalar 21:Scalar*
OpVersion 1:int
VarType.TensorDesc 1:int 2:int*
VarType.DenseTensorDesc 1:VarType.TensorDesc 2:int
VarType.DenseTensorArrayDesc 1:VarType.TensorDesc 2:int
VarType.ReaderDesc 1:VarType.DenseTensorDesc*
VarType.Tuple 1:int*
Scalar 1:int 2:int 3:int 4:f64 5:Complex
Complex 1:f64 2:f64"""
)
