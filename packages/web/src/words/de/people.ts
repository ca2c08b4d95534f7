import type { PeopleWords } from '../en/people.js';

export const dePeople: PeopleWords = {
  profile: 'Profil',
  you: 'Das bist du.',
  online: 'Gerade online',
  lastSeen: (when) => `Zuletzt online: ${when}`,
  unseen: 'Zuletzt online: verborgen',
  noAbout: 'Noch nichts geschrieben.',
  message: 'Nachricht schreiben',
  block: 'Blockieren',
  unblock: 'Blockierung aufheben',
  blocked: 'Du hast diese Person blockiert.',
  blockedHere: (name) => `Du hast ${name} blockiert. Heb die Blockierung auf, um euch hier zu schreiben.`,
  blockHint:
    'Euer Direktchat verschwindet aus ihrer Liste, und du wirst über nichts mehr von ihr benachrichtigt. Sie erfährt nicht, warum. In Gruppen und Kanälen seht ihr euch weiterhin.',
  cancel: 'Abbrechen',
  loading: 'Wird geladen …',
  deleted: 'Dieses Konto wurde gelöscht.',
  suspended: 'Dieses Konto ist gesperrt.',
  bot: 'Bot',
};
