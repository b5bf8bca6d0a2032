Option Explicit

Public Function GroupTotals(ByVal area As Range) As Object
    Dim totals As Object, row As Range
    Set totals = CreateObject("Scripting.Dictionary")
    For Each row In area.Rows
        totals(row.Cells(1).Value) = totals(row.Cells(1).Value) + row.Cells(2).Value
    Next row
    Set GroupTotals = totals
End Function
