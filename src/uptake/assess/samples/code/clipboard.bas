Option Explicit

Private Declare Function OpenClipboard Lib "user32" (ByVal hwnd As Long) As Long
Private Declare Function CloseClipboard Lib "user32" () As Long
Private Declare Function EmptyClipboard Lib "user32" () As Long
Private Declare Function SetClipboardData Lib "user32" (ByVal wFormat As Long, ByVal hMem As Long) As Long
Private Declare Function GlobalAlloc Lib "kernel32" (ByVal wFlags As Long, ByVal dwBytes As Long) As Long
Private Declare Function GlobalLock Lib "kernel32" (ByVal hMem As Long) As Long
Private Declare Function GlobalUnlock Lib "kernel32" (ByVal hMem As Long) As Long
Private Declare Sub CopyMemory Lib "kernel32" Alias "RtlMoveMemory" (Destination As Any, Source As Any, ByVal Length As Long)

Public Sub TextToClipboard(ByVal text As String)
    Dim hMem As Long, pointer As Long
    hMem = GlobalAlloc(&H42, Len(text) + 1)
    pointer = GlobalLock(hMem)
    CopyMemory ByVal pointer, ByVal text, Len(text) + 1
    GlobalUnlock hMem
    If OpenClipboard(0) <> 0 Then
        EmptyClipboard
        SetClipboardData 1, hMem
        CloseClipboard
    End If
End Sub

Public Function AddressOfText(ByRef text As String) As Long
    AddressOfText = StrPtr(text)
End Function
