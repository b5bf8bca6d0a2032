Option Explicit

' 経理部：仕訳データを会計システムへ渡す（2009年作成）
Private Declare Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal lpClassName As String, ByVal lpWindowName As String) As Long
Private Declare Function SendMessage Lib "user32" Alias "SendMessageA" (ByVal hwnd As Long, ByVal wMsg As Long, ByVal wParam As Long, lParam As Any) As Long
Private Declare Function GetPrivateProfileString Lib "kernel32" Alias "GetPrivateProfileStringA" (ByVal lpApplicationName As String, ByVal lpKeyName As Any, ByVal lpDefault As String, ByVal lpReturnedString As String, ByVal nSize As Long, ByVal lpFileName As String) As Long

Public Sub 仕訳転送()
    Dim hWnd会計 As Long, 設定 As String
    設定 = String$(255, vbNullChar)
    GetPrivateProfileString "接続", "サーバー", "", 設定, 255, "C:\会計\設定.ini"
    hWnd会計 = FindWindow(vbNullString, "会計システム　仕訳入力")
    If hWnd会計 = 0 Then
        MsgBox "会計システムが起動していません。", vbExclamation, "経理部"
        Exit Sub
    End If
    SendMessage hWnd会計, &H111, 40001, ByVal 0&
End Sub
