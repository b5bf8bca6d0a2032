Option Explicit

' 勤怠表の残業時間を集計する
Public Sub 残業時間集計()
    Dim 行 As Long, 合計 As Double
    For 行 = 2 To Cells(Rows.Count, 1).End(xlUp).Row
        合計 = 合計 + 残業時間(Cells(行, 3).Value, Cells(行, 4).Value)
    Next 行
    Range("F1").Value = "残業合計（時間）"
    Range("G1").Value = 合計
End Sub

Private Function 残業時間(ByVal 開始 As Date, ByVal 終了 As Date) As Double
    残業時間 = WorksheetFunction.Max(0, (終了 - 開始) * 24 - 9)
End Function
