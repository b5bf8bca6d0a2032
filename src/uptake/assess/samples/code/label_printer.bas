Option Explicit

Private Declare PtrSafe Function LblOpen Lib "C:\Program Files (x86)\LabelStation\lblprn32.dll" (ByVal port As String) As Long
Private Declare PtrSafe Function LblPrint Lib "C:\Program Files (x86)\LabelStation\lblprn32.dll" (ByVal handle As Long, ByVal text As String) As Long

Public Sub PrintLabels()
    Dim handle As Long, row As Long
    handle = LblOpen("LPT1")
    For row = 2 To Cells(Rows.Count, 1).End(xlUp).Row
        LblPrint handle, Cells(row, 1).Value & vbTab & Cells(row, 2).Value
    Next row
End Sub
