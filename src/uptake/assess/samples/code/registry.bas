Option Explicit

Private Declare PtrSafe Function RegOpenKeyEx Lib "advapi32" Alias "RegOpenKeyExA" (ByVal hKey As Long, ByVal lpSubKey As String, ByVal ulOptions As Long, ByVal samDesired As Long, phkResult As Long) As Long
Private Declare PtrSafe Function RegQueryValueEx Lib "advapi32" Alias "RegQueryValueExA" (ByVal hKey As Long, ByVal lpValueName As String, ByVal lpReserved As Long, lpType As Long, ByVal lpData As String, lpcbData As Long) As Long
Private Declare PtrSafe Function RegCloseKey Lib "advapi32" (ByVal hKey As Long) As Long

Private Const HKEY_CURRENT_USER As Long = &H80000001
Private Const KEY_READ As Long = &H20019

Public Function PayrollServer() As String
    Dim hKey As Long, size As Long, text As String
    If RegOpenKeyEx(HKEY_CURRENT_USER, "Software\Payroll", 0, KEY_READ, hKey) <> 0 Then Exit Function
    text = Space$(255)
    size = 255
    If RegQueryValueEx(hKey, "Server", 0, 0, text, size) = 0 Then PayrollServer = Left$(text, size - 1)
    RegCloseKey hKey
End Function
