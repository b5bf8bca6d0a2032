Option Explicit

#If VBA7 Then
    Private Declare PtrSafe Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal lpClassName As String, ByVal lpWindowName As String) As LongPtr
    Private Declare PtrSafe Function IsIconic Lib "user32" (ByVal hwnd As LongPtr) As Long
    Private Declare PtrSafe Sub Sleep Lib "kernel32" (ByVal dwMilliseconds As Long)
#Else
    Private Declare Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal lpClassName As String, ByVal lpWindowName As String) As Long
    Private Declare Function IsIconic Lib "user32" (ByVal hwnd As Long) As Long
    Private Declare Sub Sleep Lib "kernel32" (ByVal dwMilliseconds As Long)
#End If

Public Function IsMinimised(ByVal title As String) As Boolean
    #If VBA7 Then
        Dim window As LongPtr
    #Else
        Dim window As Long
    #End If
    window = FindWindow(vbNullString, title)
    If window <> 0 Then IsMinimised = (IsIconic(window) <> 0)
End Function

Public Sub Pause(ByVal seconds As Long)
    Sleep seconds * 1000
End Sub
