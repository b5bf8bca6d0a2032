Option Explicit

Public Sub SaveAttachments(item As Outlook.MailItem)
    Dim file As Outlook.Attachment
    For Each file In item.Attachments
        file.SaveAsFile "H:\Inbox\" & Format$(item.ReceivedTime, "yyyymmdd_") & file.FileName
    Next file
End Sub
