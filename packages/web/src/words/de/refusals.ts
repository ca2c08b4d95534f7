import type { Reason } from '@parley/client';
import type { enOtherRefusal } from '../en/refusals.js';

/** Reasons that only programs, servers and operators meet. They share one text. */
type TechnicalReason =
  | 'malformed'
  | 'invalid-request'
  | 'invalid-page'
  | 'invalid-position'
  | 'invalid-report'
  | 'invalid-kick'
  | 'invalid-deadline'
  | 'invalid-metadata'
  | 'no-subprotocol'
  | 'token-in-url'
  | 'handle-gone'
  | 'invalid-relay'
  | 'not-operator'
  | 'not-a-service'
  | 'no-certificate'
  | 'origin-not-allowed'
  | 'no-route'
  | 'address-not-allowed'
  | 'unknown-path'
  | 'wrong-method'
  | 'headers-too-large'
  | 'not-acceptable'
  | 'wrong-media-type'
  | 'precondition-failed'
  | 'request-too-slow'
  | 'server-not-found'
  | 'abuse-report-not-found'
  | 'invalid-hold'
  | 'hold-not-found'
  | 'already-held'
  | 'too-many-holds'
  | 'client-id-reused'
  | 'other-log'
  | 'bot-channel'
  | 'bot-session'
  | 'email-changed'
  | 'last-operator'
  | 'too-many-bots'
  | 'webhook-not-found'
  | 'invalid-command'
  | 'invalid-webhook'
  | 'server-away'
  | 'not-mine'
  | 'compressed'
  | 'long-stream'
  | 'behind'
  | 'idle'
  | 'invalid-upload'
  | 'wrong-offset'
  | 'invalid-range'
  | 'no-guests'
  | 'not-your-guest';

export const deRefusals: Readonly<Record<Exclude<Reason, TechnicalReason>, string>> = {
  'invalid-user-id':
    'Ungültige Benutzer-ID. Nimm 1 bis 64 Zeichen aus A-Z a-z 0-9 . _ - und beginn mit einem Buchstaben oder einer Ziffer.',
  'invalid-name': 'Ungültiger Name. Nimm 1 bis 64 sichtbare Zeichen, nicht nur Leerzeichen.',
  'invalid-password': 'Nimm ein Passwort mit 8 bis 72 Bytes. Umlaute und Sonderzeichen zählen als 2 bis 4.',
  'common-password': 'Dieses Passwort ist zu häufig. Nimm eines, das schwer zu erraten ist.',
  'invalid-email': 'Ungültige E-Mail-Adresse. Sie darf höchstens 254 Zeichen haben.',
  'invalid-profile': 'Etwas im Profil ist zu lang oder ungültig.',
  'invalid-limit': 'Ungültige Höchstzahl. Erlaubt sind 1 bis 25 für einen Raum und 1 bis 10.000 für einen Chat.',
  'invalid-channel': 'Eine Angabe zu diesem Chat ist zu lang oder ungültig.',
  'invalid-channel-id': 'Diesen Chat gibt es nicht.',
  'invalid-invite': 'Ungültige Einladung. Prüf die Zahl der Personen und das Ende.',
  'invalid-member-change': 'Diese Änderung an Mitgliedern ist nicht möglich.',
  'invalid-notify': 'Diese Auswahl gibt es nicht.',
  'invalid-message': 'Etwas in der Nachricht ist zu lang oder ungültig.',
  'empty-message': 'Die Nachricht hat keinen sichtbaren Text.',
  'invalid-search': 'Gib mindestens ein Wort ein, höchstens 256 Zeichen.',
  'invalid-push': 'Der Browser hat kein gültiges Ziel für Mitteilungen angegeben.',
  'no-push': 'Dieser Server verschickt keine Mitteilungen, während die Seite geschlossen ist.',
  'invalid-abuse-report': 'Nenn eine andere Person oder eine Nachricht und einen Grund mit höchstens 1.000 Zeichen.',
  'invalid-reaction': 'Eine Reaktion muss ein Emoji sein.',
  'message-too-large': 'Die Nachricht ist zu groß für diesen Server. Schick eine kürzere.',
  unauthenticated: 'Du bist nicht angemeldet.',
  'invalid-token': 'Deine Anmeldung gilt hier nicht. Melde dich wieder an.',
  'expired-token': 'Deine Anmeldung ist abgelaufen. Melde dich wieder an.',
  'wrong-credentials': 'Benutzer-ID oder Passwort ist falsch.',
  'logged-out': 'Diese Sitzung ist beendet. Melde dich wieder an.',
  'must-change-password': 'Du hast dich mit einem Einmalpasswort angemeldet. Leg zuerst ein neues fest.',
  suspended: 'Dieses Konto ist gesperrt.',
  'seat-gone': 'Dein Platz ist nicht mehr frei. Versuch es noch einmal.',
  'not-owner': 'Das darf nur der Besitzer oder ein Betreiber.',
  'not-channel-admin': 'Das dürfen nur der Besitzer und die Admins.',
  'not-your-message': 'Nur wer die Nachricht geschrieben hat, kann sie ändern.',
  'registration-closed': 'Dieser Server nimmt keine neuen Konten an. Frag einen Betreiber.',
  muted: 'Du bist hier stummgeschaltet.',
  banned: 'Du bist hier verbannt.',
  'user-not-found': 'Diese Person wurde nicht gefunden.',
  'session-not-found': 'Diese Sitzung gibt es nicht mehr.',
  'channel-not-found': 'Den Chat gibt es nicht mehr, oder du darfst ihn nicht sehen.',
  'member-not-found': 'Diese Person ist hier kein Mitglied.',
  'mention-not-found': 'Jemand, den du erwähnst, ist nicht mehr hier. Sende noch einmal, um niemanden zu erwähnen.',
  'invite-not-found':
    'Diese Einladung gilt nicht. Vielleicht ist sie abgelaufen, aufgebraucht oder zurückgezogen. Bitte um eine neue.',
  'message-not-found': 'Die Nachricht gibt es nicht mehr.',
  'no-history': 'Dieser Raum speichert keine Nachrichten; deshalb kann man sie nicht ändern.',
  'user-id-taken': 'Diese Benutzer-ID ist vergeben. Nimm eine andere.',
  'channel-occupied': 'Hier ist noch jemand. Versuch es, wenn niemand mehr da ist.',
  'not-a-member': 'Du bist kein Mitglied. Tritt zuerst bei.',
  'wrong-kind': 'Das geht in Chats dieser Art nicht.',
  'owner-stays':
    'Der Besitzer kann nicht gehen, entfernt, stummgeschaltet oder verbannt werden. Übergib oder lösch den Chat zuerst.',
  'user-blocked': 'Du hast diese Person blockiert. Heb die Blockierung zuerst auf.',
  'own-account': 'Das geht mit deinem eigenen Konto nicht.',
  'no-password': 'Dieses Konto hat kein Passwort, weil es einem Bot oder Gast gehört.',
  'email-taken': 'Diese E-Mail-Adresse gehört schon zu einem anderen Konto.',
  'channel-full': 'Hier ist alles voll. Versuch es, wenn jemand gegangen ist.',
  'too-many-channels': 'Du besitzt schon die Höchstzahl an Chats. Lösch zuerst einen.',
  'too-many-offers': 'Diese Person hat zu viele offene Einladungen. Versuch es später.',
  'too-many-invites': 'Es gibt schon die Höchstzahl an Einladungslinks. Zieh zuerst einen zurück.',
  'too-many-blocks': 'Du hast schon die Höchstzahl an Personen blockiert. Heb zuerst eine Blockierung auf.',
  'too-many-abuse-reports': 'Du hast zu viele offene Meldungen. Warte, bis ein Betreiber einige erledigt hat.',
  'too-many-seats': 'Du bist in zu vielen Räumen. Verlass zuerst einen.',
  'too-many-inboxes': 'Du hast die Seite zu oft geöffnet. Schließ eine davon.',
  'listen-too-often': 'Zu viele Versuche. Versuch es gleich noch einmal.',
  'create-too-often': 'Du hast zu viele Chats angelegt. Versuch es später.',
  'change-too-often': 'Zu viele Änderungen. Versuch es später.',
  'read-too-often': 'Zu viele Anfragen. Versuch es später.',
  'login-too-often': 'Zu viele Versuche. Versuch es in ein, zwei Minuten noch einmal.',
  'register-too-often': 'Zu viele neue Konten von dieser Adresse. Warte ein paar Sekunden.',
  'send-too-fast': 'Du schreibst zu schnell. Warte einen Moment.',
  'slow-mode': 'Hier kann man nur langsam schreiben. Warte etwas.',
  'too-many-reactions': 'Diese Nachricht hat schon die Höchstzahl an Reaktionen. Nimm eine davon.',
  'search-too-broad': 'Die Suche hat zu lange gedauert. Gib noch ein Wort ein.',
  'quota-exceeded':
    'Der Speicher dieses Chats oder deiner Chats ist voll. Lösch Nachrichten oder bitte den Besitzer, sie kürzer aufzubewahren.',
  'too-busy': 'Der Server ist überlastet. Versuch es gleich noch einmal.',
  'file-not-found': 'Die Datei gibt es nicht mehr, oder du darfst sie nicht sehen.',
  'file-too-large': 'Die Datei ist zu groß für diesen Server.',
  'file-quota': 'Für diese Datei reicht dein Speicher nicht. Lösch Dateien oder Nachrichten, an denen sie hängen.',
  'files-full': 'Dieser Server hat keinen Platz mehr für Dateien. Sag einem Betreiber Bescheid.',
  'files-away': 'Der Speicher für Dateien ist nicht erreichbar. Versuch es noch einmal.',
  'file-posted': 'Eine Nachricht enthält diese Datei. Lösch stattdessen die Nachricht.',
  'guest-name-taken': 'Ein Gast mit diesem Namen ist schon da. Nimm einen anderen.',
  'room-name-taken': 'Ein Raum mit diesem Namen ist schon da. Nimm einen anderen.',
  'too-many-guests': 'Es sind zu viele Gäste da. Versuch es, wenn jemand gegangen ist.',
  'no-server': 'Kein Chat-Server ist verfügbar.',
  'database-away': 'Die Datenbank ist nicht erreichbar. Versuch es noch einmal.',
  paused: 'Der Chat-Server antwortet gerade nicht. Versuch es noch einmal.',
  unreachable: 'Der Server ist nicht erreichbar.',
  unconfirmed: 'Der Server hat die Nachricht nicht bestätigt. Vielleicht haben andere sie gesehen.',
  'not-implemented': 'Diesen Aufruf gibt es hier nicht. Wer Parley betreibt, meldet sich an den Ports der Dienste an.',
  'deadline-exceeded': 'Der Server hat zu lange nicht geantwortet. Versuch es noch einmal.',
  cancelled: 'Das wurde abgebrochen.',
  internal: 'Auf dem Server ist etwas schiefgegangen.',
  moved: 'Der Chat zieht auf einen anderen Server um.',
  replaced: 'Du bist woanders eingetreten.',
  draining: 'Der Server wird beendet. Gleich geht es weiter.',
  removed: 'Du wurdest hier entfernt.',
  kicked: 'Ein Betreiber hat die Verbindung getrennt.',
  'channel-deleted': 'Der Chat wurde gelöscht.',
  'too-slow': 'Deine Verbindung ist zu langsam.',
};

export const deOtherRefusal: typeof enOtherRefusal = (reason) => `Das hat nicht geklappt (${reason}).`;
