Option Explicit

Private Sub UserForm_Initialize()
    Dim row As Long
    With TreeView1
        .Nodes.Clear
        For row = 2 To Worksheets("Staff").Cells(Rows.Count, 1).End(xlUp).Row
            .Nodes.Add , , "K" & row, Worksheets("Staff").Cells(row, 1).Value
        Next row
    End With
End Sub
