"""Templates of the communications plan and answers to common objections, in both languages, filled from the engagement.

They are ours; the playbook names the material and holds none of it (S21, S22). Blanks that nobody has decided stay in brackets.
"""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from uptake.guide import engagement as guide
from uptake.web.common.playbook import language
from uptake.web.engagements.models import Engagement

TEMPLATES = {
    "announcement": _("Announcement"),
    "before": _("One week before"),
    "day": _("On the day"),
    "after": _("Two weeks after"),
    "macros": _("To owners of macros and add-ins"),
}
TEXTS = {
    "en": {
        "announcement": "Subject: Microsoft 365 Apps is coming to {customer}\n\nWe are moving from our present Office to Microsoft 365 Apps. {when}\n\nWhat changes for you: Word, Excel, PowerPoint and Outlook stay where they are and look a little newer. You sign in once with your work account.\nWhat you need to do now: nothing. If you rely on a macro or an add-in, tell us: {contact}.\n\n{project}",
        "before": "Subject: In one week: Microsoft 365 Apps\n\nYour device receives Microsoft 365 Apps in the coming week. {visible}\n\nPlease save your work and close Office before you leave in the evening. The first start asks for your work account.\n\nHelp: {contact}",
        "day": "Subject: Microsoft 365 Apps is on your device\n\nStart Word and sign in with your work account. If something that worked before no longer does, above all a macro or an add-in, write to {contact} and name the file.\n\n{languages}",
        "after": "Subject: Two weeks with Microsoft 365 Apps\n\nThree things worth trying: open a document from OneDrive with a colleague, find a command with the search box, restore an older version of a file.\n\nIf you still use the old Office, tell us why: {contact}.",
        "macros": "Subject: Your macros and the 64-bit Office\n\nOur scan has found macros or add-ins of yours that need a change before the move to {architecture}-bit Office. For most of them the corrected line is ready. Please name the business process that depends on each file and a person who can test it: {contact}.",
    },
    "ja": {
        "announcement": "件名: {customer} に Microsoft 365 Apps を導入します\n\n現在の Office から Microsoft 365 Apps に移行します。{when}\n\n変わること: Word、Excel、PowerPoint、Outlook はこれまでどおり使えます。画面が少し新しくなり、職場のアカウントで 1 回サインインします。\nいま必要な作業: ありません。業務でマクロやアドインを使っている方はお知らせください: {contact}\n\n{project}",
        "before": "件名: 1 週間後に Microsoft 365 Apps を配布します\n\n来週、お使いのデバイスに Microsoft 365 Apps が入ります。{visible}\n\n退勤前に作業を保存し、Office を閉じてください。初回の起動時に職場のアカウントでのサインインを求められます。\n\n問い合わせ先: {contact}",
        "day": "件名: Microsoft 365 Apps が使えるようになりました\n\nWord を起動し、職場のアカウントでサインインしてください。以前は動いていたもの、特にマクロやアドインが動かないときは、ファイル名を添えて {contact} までご連絡ください。\n\n{languages}",
        "after": "件名: Microsoft 365 Apps を使い始めて 2 週間\n\n試していただきたい 3 つのこと: OneDrive の文書を同僚と一緒に開く、検索ボックスでコマンドを探す、ファイルの以前のバージョンを復元する。\n\nまだ古い Office を使っている方は、理由をお聞かせください: {contact}",
        "macros": "件名: お使いのマクロと 64 ビット版 Office\n\nスキャンで、{architecture} ビット版 Office への移行前に変更が必要なマクロまたはアドインが見つかりました。多くは修正後の行を用意しています。それぞれのファイルに依存する業務と、テストできる方をお知らせください: {contact}",
    },
}  # fmt: skip
PHRASES = {
    "en": {
        "when": "The broad deployment begins on {date}.", "no_when": "The date will follow.", "visible": "You will see the installation.",
        "hidden": "You will not see the installation; Office is not available for a short time.", "languages": "Installed languages: {codes}.",
        "project": "Your project team: {names}", "contact": "[contact of the service desk]",
    },
    "ja": {
        "when": "全社への展開は {date} に始まります。", "no_when": "日程は追ってお知らせします。", "visible": "インストールの画面が表示されます。",
        "hidden": "インストールの画面は表示されません。しばらくの間 Office を使えません。", "languages": "インストールされる言語: {codes}",
        "project": "プロジェクト チーム: {names}", "contact": "[サービス デスクの連絡先]",
    },
}  # fmt: skip
KNOWN = {
    "en": [
        ("same", "Our Office still works; why change?", "Support for the old version ends or has ended: it no longer receives security updates. Name the date for the version that the scan found, and show what the licence that is already paid for brings on top."),
        ("macros", "Our macros will break.", "The scan names every file, module and line that 64-bit Office breaks and proposes the corrected line; the rest is not touched. Show the customer its own figures and agree owners for the critical ones."),
        ("updates", "Updates will change our desktops every month.", "The update channel decides: the semi-annual and monthly enterprise channels come on known days, and a pilot group sees them first. It is one of the decisions of the workshop."),
        ("internet", "Everything will run in the browser.", "Microsoft 365 Apps is installed on the device and works without a connection; it needs one for activation from time to time."),
        ("data", "Our documents will move to the cloud.", "Installing the apps moves no document. Where files are saved is a separate decision and can be set by policy."),
    ],
    "ja": [
        ("same", "今の Office で困っていない。なぜ変えるのか。", "古い版はサポートが終了している、または終了が近く、セキュリティ更新が提供されなくなります。スキャンで見つかった版の終了日を示し、すでに支払っているライセンスで何が使えるかを説明します。"),
        ("macros", "マクロが動かなくなる。", "スキャンは 64 ビット版 Office で動かなくなるファイル、モジュール、行をすべて示し、修正後の行を提案します。ほかには手を加えません。顧客自身の数字を見せ、重要なものの担当者を決めます。"),
        ("updates", "毎月の更新で画面が変わってしまう。", "更新チャネルの選択で決まります。半期チャネルと月次エンタープライズ チャネルは決まった日に届き、パイロット グループが先に確認します。ワークショップで決める項目の 1 つです。"),
        ("internet", "すべてブラウザーで動くようになる。", "Microsoft 365 Apps はデバイスにインストールされ、接続がなくても使えます。接続が必要なのは、ときどき行われるライセンス認証のときです。"),
        ("data", "文書がクラウドに移される。", "アプリをインストールしても文書は移動しません。保存先は別の決定事項で、ポリシーで設定できます。"),
    ],
}  # fmt: skip


def objections() -> list[dict[str, str]]:
    """Common objections with an answer, in the reader's language."""
    return [{"id": key, "objection": what, "answer": answer} for key, what, answer in KNOWN[language()]]


def filled(key: str, lang: str, row: Engagement, engagement: guide.Engagement) -> str:
    """A template with what the engagement knows; what it does not know stays in brackets or is left out."""
    phrases = PHRASES[lang]
    decided = {each.topic: each.choice for each in engagement.decisions}
    target = min((each.target_date for each in engagement.entitlements if each.target_date), default=None)
    with translation.override(lang):
        on = date_format(target, "DATE_FORMAT") if target else ""
    names = ", ".join(
        dict.fromkeys(each.name for each in engagement.people if each.role in ("FE", "FM", "CUSTOMER-IT"))
    )
    values: dict[str, Any] = {
        "customer": row.customer,
        "when": phrases["when"].format(date=on) if on else phrases["no_when"],
        "visible": phrases["visible"] if decided.get("display-level") == "Full" else phrases["hidden"],
        "languages": phrases["languages"].format(codes=decided["languages"]) if decided.get("languages") else "",
        "project": phrases["project"].format(names=names) if names else "",
        "architecture": decided.get("architecture", "64"),
        "contact": phrases["contact"],
    }
    return TEXTS[lang][key].format(**values).strip()
