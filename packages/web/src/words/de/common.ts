import type { CommonWords } from '../en/common.js';

export const deCommon: CommonWords = {
  close: 'Schließen',
  cancel: 'Abbrechen',
  more: 'Mehr anzeigen',
  loading: 'Wird geladen …',
  searching: 'Suche läuft …',
  noName: '(kein Name)',
  you: 'du',
  tryAgain: 'Noch einmal versuchen',
  discard: 'Verwerfen',
  copied: 'Kopiert',
  notCopied: (text) => `Dieser Browser erlaubt hier kein Kopieren. Markiere den Text stattdessen: ${text}`,
  copyLink: 'Link kopieren',
  name: 'Name',
  allChats: 'Alle Chats',
  allRooms: 'Alle Räume',
  unread: (count) => `${count} ungelesen`,
  notSent: (count) => `${count} nicht gesendet`,
  others: (count) => `Und ${count} weitere.`,
  pageFailed: 'Auf dieser Seite ist etwas schiefgegangen. Versuch es noch einmal.',
  partFailed:
    'Dieser Teil der Seite konnte nicht geladen werden. Prüfe deine Verbindung und versuch es noch einmal. Wenn das nicht hilft, lade die Seite neu.',
  storageFull: 'Der Speicher dieses Browsers ist voll. Schaff etwas Platz und versuch es noch einmal.',
  unsaved:
    'Dieser Browser kann keine Nachrichten und Entwürfe speichern: Sein Speicher ist voll oder gesperrt. Was nicht gesendet ist, geht verloren, wenn du die Seite schließt oder neu lädst.',
  ok: 'OK',
};
