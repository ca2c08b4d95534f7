/** Texts about other people. */
export const enPeople = {
  profile: 'Profile',
  you: 'This is you.',
  online: 'Online now',
  lastSeen: (when: string) => `Last seen ${when}`,
  unseen: 'Last seen: not shown',
  noAbout: 'Nothing written yet.',
  message: 'Send message',
  block: 'Block',
  unblock: 'Unblock',
  blocked: 'You have blocked this person.',
  blockedHere: (name: string) => `You have blocked ${name}. Unblock them to write to each other here.`,
  blockHint:
    'Your direct chat disappears from their list, and nothing they do notifies you. They are not told why. You still see each other in groups and channels.',
  cancel: 'Cancel',
  loading: 'Loading…',
  deleted: 'This account was deleted.',
  suspended: 'This account is suspended.',
  bot: 'Bot',
};

export type PeopleWords = typeof enPeople;
