Option Explicit

#If VBA7 Then
    Private Declare PtrSafe Function GetTickCount Lib "kernel32" () As Long
#Else
    Private Declare Function GetTickCount Lib "kernel32" () As Long
#End If

' 請求書を印刷する
Public Sub 請求書印刷()
    Dim 開始 As Long, 行 As Long
    開始 = GetTickCount()
    For 行 = 2 To Worksheets("一覧").Cells(Rows.Count, 1).End(xlUp).Row
        Worksheets("請求書").Range("B3").Value = Worksheets("一覧").Cells(行, 1).Value & "　御中"
        Worksheets("請求書").PrintOut
    Next 行
    Debug.Print "所要時間", (GetTickCount() - 開始) / 1000
End Sub
