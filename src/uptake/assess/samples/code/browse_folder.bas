Option Explicit

Private Type BROWSEINFO
    hOwner As Long
    pidlRoot As Long
    pszDisplayName As String
    lpszTitle As String
    ulFlags As Long
    lpfn As Long
    lParam As Long
    iImage As Long
End Type

Private Type OPENFILENAME
    lStructSize As Long
    hwndOwner As Long
    hInstance As Long
    lpstrFilter As String
    lpstrCustomFilter As String
    nMaxCustFilter As Long
    nFilterIndex As Long
    lpstrFile As String
    nMaxFile As Long
    lpstrFileTitle As String
    nMaxFileTitle As Long
    lpstrInitialDir As String
    lpstrTitle As String
    flags As Long
    nFileOffset As Integer
    nFileExtension As Integer
    lpstrDefExt As String
    lCustData As Long
    lpfnHook As Long
    lpTemplateName As String
End Type

Private Declare Function SHBrowseForFolder Lib "shell32.dll" Alias "SHBrowseForFolderA" (lpBrowseInfo As BROWSEINFO) As Long
Private Declare Function SHGetPathFromIDList Lib "shell32.dll" Alias "SHGetPathFromIDListA" (ByVal pidl As Long, ByVal pszPath As String) As Long
Private Declare Function GetOpenFileName Lib "comdlg32.dll" Alias "GetOpenFileNameA" (pOpenfilename As OPENFILENAME) As Long

Public Function PickFolder(ByVal title As String) As String
    Dim info As BROWSEINFO, pidl As Long, path As String
    info.lpszTitle = title
    info.ulFlags = 1
    pidl = SHBrowseForFolder(info)
    path = Space$(260)
    If pidl <> 0 Then If SHGetPathFromIDList(pidl, path) <> 0 Then PickFolder = Left$(path, InStr(path, vbNullChar) - 1)
End Function

Public Function PickFile() As String
    Dim dialog As OPENFILENAME
    dialog.lStructSize = Len(dialog)
    dialog.lpstrFile = String$(260, vbNullChar)
    dialog.nMaxFile = 260
    If GetOpenFileName(dialog) <> 0 Then PickFile = Left$(dialog.lpstrFile, InStr(dialog.lpstrFile, vbNullChar) - 1)
End Function
