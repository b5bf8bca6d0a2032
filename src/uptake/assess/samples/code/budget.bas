Option Explicit

Public Sub SpreadBudget()
    Dim yearly As Currency, index As Integer
    yearly = Worksheets("Plan").Range("Total").Value
    For index = 1 To 12
        Worksheets("Plan").Cells(4, index + 1).Value = Round(yearly / 12, 2)
    Next index
End Sub

Public Function Variance(ByVal planned As Double, ByVal actual As Double) As Double
    If planned <> 0 Then Variance = (actual - planned) / planned
End Function
