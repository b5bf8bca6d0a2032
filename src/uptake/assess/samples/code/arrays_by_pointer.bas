Option Explicit

Private Declare PtrSafe Sub CopyMemory Lib "kernel32" Alias "RtlMoveMemory" (Destination As Any, Source As Any, ByVal Length As Long)
Private Declare Function VarPtrArray Lib "msvbvm60.dll" Alias "VarPtr" (ByRef items() As Any) As Long

Public Function Dimensions(ByRef items() As Double) As Integer
    Dim address As Long, count As Integer
    CopyMemory address, ByVal VarPtrArray(items), 4
    If address <> 0 Then CopyMemory count, ByVal address, 2
    Dimensions = count
End Function
