Option Explicit

' 社員名簿：Access（Jet）から読み込む
Public Sub 名簿読込()
    Dim 接続 As Object
    Set 接続 = CreateObject("ADODB.Connection")
    接続.Open "Provider=Microsoft.Jet.OLEDB.4.0;Data Source=\\サーバー\人事\社員名簿.mdb"
    Worksheets("名簿").Range("A2").CopyFromRecordset 接続.Execute("SELECT 社員番号, 氏名, 部署 FROM 社員")
    接続.Close
End Sub

Public Function 郵便番号確認(ByVal 値 As String) As Boolean
    Dim 正規表現 As Object
    Set 正規表現 = CreateObject("VBScript.RegExp")
    正規表現.Pattern = "^\d{3}-\d{4}$"
    郵便番号確認 = 正規表現.Test(値)
End Function
