import type { EntryWords } from '../en/entry.js';

export const deEntry: EntryWords = {
  slogan: 'Chaträume auf deinem eigenen Server.',
  signIn: 'Anmelden',
  newAccount: 'Konto anlegen',
  createAccount: 'Konto anlegen',
  haveAccount: 'Ich habe schon ein Konto',
  userId: 'Benutzer-ID',
  userIdHint:
    '1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche; vorn ein Buchstabe oder eine Ziffer. Du kannst sie später nicht ändern.',
  displayName: 'Anzeigename (freiwillig)',
  displayNameHint: 'Unter diesem Namen sehen dich andere. Bleibt er leer, sehen sie deine Benutzer-ID.',
  password: 'Passwort',
  showPassword: 'Passwort anzeigen',
  hidePassword: 'Passwort verbergen',
  passwordHint:
    '8 bis 72 Zeichen; Umlaute und Sonderzeichen zählen als 2 bis 4. Sehr häufige Passwörter gehen nicht. Ein vergessenes Passwort kann niemand wiederherstellen.',
  invited: 'Du wurdest zu einem Chat eingeladen. Melde dich an oder lege ein Konto an, um beizutreten.',
  invite: 'Einladungscode',
  chooseTitle: 'Wähle dein eigenes Passwort',
  chooseHint: 'Du hast dich mit einem Einmalpasswort angemeldet. Es gilt kein zweites Mal.',
  oneTime: 'Einmalpasswort',
  newPassword: 'Neues Passwort',
  setPassword: 'Passwort festlegen',
  cancel: 'Abbrechen',
  expired: 'Deine Sitzung ist abgelaufen. Melde dich wieder an.',
  suspended: 'Dieses Konto ist gesperrt.',
  ended: 'Deine Sitzung ist beendet. Melde dich wieder an.',
  lost: (why, unsent) => `${why} ${unsent}, und dieser Browser hat keine Kopie mehr.`,
  unconfirmed:
    'Du bist hier abgemeldet, aber der Server hat es nicht bestätigt. Dort endet deine Sitzung innerhalb von 7 Tagen.',
  signOut: 'Abmelden',
  signOutTitle: 'Abmelden?',
  signOutHint: (unsent) => `${unsent}. Wenn du dich abmeldest, geht das verloren.`,
  maybeUnsent: 'Vielleicht sind nicht alle Nachrichten gesendet',
  signOutAnyway: 'Trotzdem abmelden',
  stay: 'Bleiben',
};
