//! The texts of the page in each language.

use super::Texts;

pub(super) static ENGLISH: Texts = Texts {
    language: "en",
    not_openai: "This page is not OpenAI’s. You enter your password and the code on OpenAI’s own page alone.",

    ask_title: "Sign in with your ChatGPT account",
    who_asks: "Who asks",
    profile: "Profile",
    server: "Server",
    ask_what: "You get a code and enter it on OpenAI’s page. After that, this server uses your ChatGPT plan for the one who asks. You can disconnect it on this page.",
    ask_warning: "Continue only if you expected this link. If you do not know who asks, close the page: nothing has happened yet.",
    ask_browser: "The link then works in this browser alone.",
    continue_button: "Continue",

    code_title: "Enter this code at OpenAI",
    code_label: "Your code",
    copy: "Copy",
    copied: "Copied",
    code_steps: [
        "Copy the code.",
        "Open OpenAI’s page, sign in and enter the code.",
        "Come back to this page.",
    ],
    open_openai: "Open OpenAI’s page",
    new_tab: "(in a new tab)",
    time_left: "Valid for {}",
    waiting: "Waiting for your approval at OpenAI.",
    check: "I have entered the code",
    phone: "Use your phone instead",
    phone_what: "Scan this with your phone to open OpenAI’s page, and enter the code there.",
    qr_label: "QR code with the address of OpenAI’s page",
    refused_code: "OpenAI does not take the code?",
    refused_code_what: "Switch on device codes for Codex in ChatGPT, under Settings, Security. In a workspace, its administrator has to permit them.",
    codex_named: "OpenAI’s page names Codex, because this sign-in uses the program’s public client.",

    account_title: "You are signed in",
    account: "Account",
    account_unknown: "without an e-mail address",
    plan: "Plan",
    usage: "Usage",
    used: "{} % used",
    usage_unknown: "usage unknown",
    resets_in: "resets in {}",
    hours_window: "{} hours",
    days_window: "{} days",
    models: "Models",
    close_page: "You can close this page.",
    not_my_account: "This is not my account",
    not_my_account_what: "“This is not my account” signs it out here and shows a new code.",
    disconnect: "Disconnect",

    idle_title: "You have no code yet",
    idle_what: "Get a code to sign in.",
    new_code: "Get a new code",
    denied: [
        "You declined",
        "OpenAI reports that the sign-in was declined. Nothing is connected.",
    ],
    expired_code: [
        "The code has expired",
        "It was not entered in time. Nothing is connected.",
    ],
    replaced: [
        "This code no longer counts",
        "A newer sign-in for the same profile has replaced it, or it was cancelled.",
    ],
    exchange_failed: [
        "The sign-in failed",
        "OpenAI did not complete the sign-in. Nothing is connected.",
    ],
    signed_out: [
        "You are signed out",
        "The sign-in of this page has ended, or another one has replaced it.",
    ],
    disconnected: ["Disconnected", "This server no longer has your sign-in."],

    unknown: [
        "This link is not valid",
        "It is incomplete, or it was deleted. Ask for a new one.",
    ],
    expired: [
        "This link has expired",
        "A link is valid for 15 minutes. Ask for a new one.",
    ],
    over: [
        "This page has ended",
        "It works for an hour, and ends when another link for the same profile is used. A finished sign-in stays. To change something, ask for a new link.",
    ],
    foreign: [
        "This link is open in another browser",
        "It works there alone. If that was not you, tell the one who sent you the link, and ask for a new one.",
    ],
    used_link: [
        "This link was used",
        "It was opened in another browser. If that was not you, tell the one who sent you the link.",
    ],
    no_cookie: [
        "Your browser sends no cookie",
        "This page needs one cookie to know your browser again. Permit cookies for this site, and open the link again.",
    ],
    other_site: [
        "The button did nothing",
        "Your browser did not say that this page sent the request. Open the link again in a current browser.",
    ],
    unreadable: [
        "The button did nothing",
        "The server could not read what your browser sent. Open the link again.",
    ],
    under_way: [
        "Another sign-in is under way",
        "Another sign-in for this profile waits for its approval at OpenAI. It ends after 15 minutes at the latest.",
    ],
    replace: "Replace it",
    replace_what: "“Replace it” makes the other code invalid, and signs out the account that this profile uses, if there is one.",
    too_many: ["Too many attempts", "Wait for {}, then try again."],
    failed: "That did not work",
    failed_code: "Error code",
    back: "Try again",
    reload: ["One moment", "Continue"],

    network: "OpenAI cannot be reached properly at the moment. Try again in a minute.",
    not_enabled: "Your account or its workspace does not allow Codex or device codes. Switch them on in ChatGPT, under Settings, Security.",
    region: "OpenAI does not offer this in the region of the server.",
    of_server: "The server has a problem. Tell the one who sent you the link.",

    day: "day",
    days: "days",
    hours: "h",
    minutes: "min",
};

pub(super) static GERMAN: Texts = Texts {
    language: "de",
    not_openai: "Diese Seite ist nicht von OpenAI. Passwort und Code geben Sie nur auf der Seite von OpenAI ein.",

    ask_title: "Mit Ihrem ChatGPT-Konto anmelden",
    who_asks: "Wer fragt",
    profile: "Profil",
    server: "Server",
    ask_what: "Sie erhalten einen Code und geben ihn auf der Seite von OpenAI ein. Danach nutzt dieser Server Ihren ChatGPT-Tarif für den, der fragt. Auf dieser Seite können Sie die Verbindung trennen.",
    ask_warning: "Fahren Sie nur fort, wenn Sie diesen Link erwartet haben. Wenn Sie nicht wissen, wer fragt, schließen Sie die Seite: Bisher ist nichts geschehen.",
    ask_browser: "Der Link gilt danach nur in diesem Browser.",
    continue_button: "Weiter",

    code_title: "Geben Sie diesen Code bei OpenAI ein",
    code_label: "Ihr Code",
    copy: "Kopieren",
    copied: "Kopiert",
    code_steps: [
        "Kopieren Sie den Code.",
        "Öffnen Sie die Seite von OpenAI, melden Sie sich an und geben Sie den Code ein.",
        "Kommen Sie auf diese Seite zurück.",
    ],
    open_openai: "Seite von OpenAI öffnen",
    new_tab: "(in einem neuen Tab)",
    time_left: "Gültig für {}",
    waiting: "Warten auf Ihre Freigabe bei OpenAI.",
    check: "Ich habe den Code eingegeben",
    phone: "Lieber mit dem Telefon",
    phone_what: "Scannen Sie dies mit dem Telefon, um die Seite von OpenAI zu öffnen, und geben Sie den Code dort ein.",
    qr_label: "QR-Code mit der Adresse der Seite von OpenAI",
    refused_code: "OpenAI nimmt den Code nicht an?",
    refused_code_what: "Schalten Sie in ChatGPT unter Einstellungen, Sicherheit die Gerätecodes für Codex ein. In einem Workspace muss dessen Administrator sie erlauben.",
    codex_named: "Die Seite von OpenAI nennt Codex, weil diese Anmeldung den öffentlichen Client dieses Programms nutzt.",

    account_title: "Sie sind angemeldet",
    account: "Konto",
    account_unknown: "ohne E-Mail-Adresse",
    plan: "Tarif",
    usage: "Verbrauch",
    used: "{} % verbraucht",
    usage_unknown: "Verbrauch unbekannt",
    resets_in: "beginnt neu in {}",
    hours_window: "{} Stunden",
    days_window: "{} Tage",
    models: "Modelle",
    close_page: "Sie können diese Seite schließen.",
    not_my_account: "Das ist nicht mein Konto",
    not_my_account_what: "„Das ist nicht mein Konto“ meldet es hier ab und zeigt einen neuen Code.",
    disconnect: "Trennen",

    idle_title: "Sie haben noch keinen Code",
    idle_what: "Holen Sie einen Code, um sich anzumelden.",
    new_code: "Neuen Code holen",
    denied: [
        "Sie haben abgelehnt",
        "OpenAI meldet, dass die Anmeldung abgelehnt wurde. Es ist nichts verbunden.",
    ],
    expired_code: [
        "Der Code ist abgelaufen",
        "Er wurde nicht rechtzeitig eingegeben. Es ist nichts verbunden.",
    ],
    replaced: [
        "Dieser Code gilt nicht mehr",
        "Eine neuere Anmeldung für dasselbe Profil hat ihn ersetzt, oder er wurde zurückgezogen.",
    ],
    exchange_failed: [
        "Die Anmeldung ist gescheitert",
        "OpenAI hat die Anmeldung nicht abgeschlossen. Es ist nichts verbunden.",
    ],
    signed_out: [
        "Sie sind abgemeldet",
        "Die Anmeldung dieser Seite ist beendet, oder eine andere hat sie ersetzt.",
    ],
    disconnected: ["Getrennt", "Dieser Server hat Ihre Anmeldung nicht mehr."],

    unknown: [
        "Dieser Link gilt nicht",
        "Er ist unvollständig oder wurde gelöscht. Bitten Sie um einen neuen.",
    ],
    expired: [
        "Dieser Link ist abgelaufen",
        "Ein Link gilt 15 Minuten. Bitten Sie um einen neuen.",
    ],
    over: [
        "Diese Seite ist beendet",
        "Sie gilt eine Stunde und endet, wenn ein anderer Link für dasselbe Profil benutzt wird. Eine abgeschlossene Anmeldung bleibt bestehen. Wenn Sie etwas ändern möchten, bitten Sie um einen neuen Link.",
    ],
    foreign: [
        "Dieser Link ist in einem anderen Browser offen",
        "Er gilt nur dort. Wenn Sie das nicht waren, sagen Sie es dem, der Ihnen den Link geschickt hat, und bitten Sie um einen neuen.",
    ],
    used_link: [
        "Dieser Link wurde benutzt",
        "Er wurde in einem anderen Browser geöffnet. Wenn Sie das nicht waren, sagen Sie es dem, der Ihnen den Link geschickt hat.",
    ],
    no_cookie: [
        "Ihr Browser sendet kein Cookie",
        "Diese Seite braucht ein Cookie, um Ihren Browser wiederzuerkennen. Erlauben Sie Cookies für diese Seite und öffnen Sie den Link noch einmal.",
    ],
    other_site: [
        "Der Knopf hat nichts bewirkt",
        "Ihr Browser hat nicht bestätigt, dass diese Seite die Anfrage gesendet hat. Öffnen Sie den Link in einem aktuellen Browser noch einmal.",
    ],
    unreadable: [
        "Der Knopf hat nichts bewirkt",
        "Der Server konnte nicht lesen, was Ihr Browser gesendet hat. Öffnen Sie den Link noch einmal.",
    ],
    under_way: [
        "Eine andere Anmeldung läuft",
        "Für dieses Profil wartet eine andere Anmeldung auf die Freigabe bei OpenAI. Sie endet spätestens nach 15 Minuten.",
    ],
    replace: "Ersetzen",
    replace_what: "„Ersetzen“ macht den anderen Code ungültig und meldet das Konto ab, das dieses Profil gerade nutzt, falls es eines gibt.",
    too_many: [
        "Zu viele Versuche",
        "Warten Sie {} und versuchen Sie es dann noch einmal.",
    ],
    failed: "Das hat nicht geklappt",
    failed_code: "Fehlercode",
    back: "Noch einmal versuchen",
    reload: ["Einen Moment", "Weiter"],

    network: "OpenAI ist gerade nicht richtig erreichbar. Versuchen Sie es in einer Minute noch einmal.",
    not_enabled: "Ihr Konto oder dessen Workspace erlaubt Codex oder Gerätecodes nicht. Schalten Sie sie in ChatGPT unter Einstellungen, Sicherheit ein.",
    region: "OpenAI bietet dies in der Region des Servers nicht an.",
    of_server: "Der Server hat ein Problem. Sagen Sie es dem, der Ihnen den Link geschickt hat.",

    day: "Tag",
    days: "Tagen",
    hours: "Std.",
    minutes: "Min.",
};
