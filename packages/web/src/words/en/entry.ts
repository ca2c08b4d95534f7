/** Texts for users who are not signed in. */
export const enEntry = {
  slogan: 'Chat rooms on your own server.',
  signIn: 'Sign in',
  newAccount: 'Create an account',
  createAccount: 'Create account',
  haveAccount: 'I already have an account',
  userId: 'User ID',
  userIdHint:
    '1 to 64 letters, digits, dots, hyphens or underscores, starting with a letter or digit. You cannot change it later.',
  displayName: 'Display name (optional)',
  displayNameHint: 'The name that other people see. If empty, they see your user ID.',
  password: 'Password',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  passwordHint:
    '8 to 72 English letters, digits or symbols; other characters count as 2 to 4. Very common passwords are refused. Nobody can recover a forgotten password.',
  invited: 'You were invited to a chat. Sign in or create an account to join it.',
  invite: 'Invitation code',
  chooseTitle: 'Choose your own password',
  chooseHint: 'You signed in with a one-time password, which cannot be used again.',
  oneTime: 'One-time password',
  newPassword: 'New password',
  setPassword: 'Set password',
  cancel: 'Cancel',
  expired: 'Your session has expired. Sign in again.',
  suspended: 'This account is suspended.',
  ended: 'Your session has ended. Sign in again.',
  lost: (why: string, unsent: string) => `${why} ${unsent}, and this browser no longer has a copy.`,
  unconfirmed: 'You are signed out here, but the server did not confirm it. Your session there expires within 7 days.',
  signOut: 'Sign out',
  signOutTitle: 'Sign out?',
  signOutHint: (unsent: string) => `${unsent}. Signing out discards everything that is unsent.`,
  maybeUnsent: 'Some messages may not have been sent',
  signOutAnyway: 'Sign out anyway',
  stay: 'Stay',
};

export type EntryWords = typeof enEntry;
