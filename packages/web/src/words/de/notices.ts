import type { NoticesWords } from '../en/notices.js';
import { pluralsOf } from '../plurals.js';

const plural = pluralsOf('de');

export const deNotices: NoticesWords = {
  title: 'Benachrichtigungen',
  titleQuiet: 'Benachrichtigungen: „Nicht stören“ ist an',
  hint: 'Gilt nur für diesen Browser. Für jeden Chat kannst du das im Menü oben rechts extra einstellen.',
  done: 'Fertig',
  newMessages: 'Neue Nachrichten',
  turnOn: 'Benachrichtigungen einschalten',
  turnOff: 'Benachrichtigungen ausschalten',
  showsText: 'Text der Nachrichten anzeigen',
  pushes: 'Auch wenn Parley geschlossen ist',
  pushRefused:
    'Dieser Browser ist nicht erreichbar, solange Parley geschlossen ist. Erlaub Push in seinen Einstellungen oder versuch es später.',
  somethingNew: 'Es gibt etwas Neues.',
  playsSound: 'Ton abspielen',
  quiet: 'Nicht stören',
  quietFor: (time) => `Noch ${time} an.`,
  endQuiet: 'Ausschalten',
  beQuietFor: (time) => `Für ${time}`,
  denied:
    'Dieser Browser blockiert Benachrichtigungen dieser Seite. Erlaub sie in den Website-Einstellungen neben der Adresse und komm dann hierher zurück.',
  impossible:
    'Dieser Browser zeigt keine Benachrichtigungen dieser Seite. Nimm HTTPS, und leg die Seite auf iPhone oder iPad zuerst auf den Home-Bildschirm.',
  messages: (count) => plural(count, { one: 'Neue Nachricht', other: '# neue Nachrichten' }),
  messageFrom: (name) => `Neue Nachricht von ${name}`,
  withCount: (text, count) => `${text} (${count} neue Nachrichten)`,
  added: 'Du wurdest hinzugefügt',
  offered: 'Du bist eingeladen',
  role: 'Deine Rolle hat sich geändert',
  newVersion: 'Es gibt eine neue Version von Parley. Entwürfe und nicht Gesendetes bleiben erhalten.',
  replacedVersion:
    'In einem anderen Tab läuft eine neuere Version von Parley. Bis du neu lädst, speichert dieser Tab nichts von dem, was du schreibst.',
  reload: 'Neu laden',
};
