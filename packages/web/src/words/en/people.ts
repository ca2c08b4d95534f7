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
  blockTitle: 'Block this person?',
  blockHint:
    'They can no longer write to you in a direct chat, and nothing they do notifies you. They are not told. You still see each other in groups and channels.',
  cancel: 'Cancel',
  loading: 'Loading…',
  deleted: 'This account was deleted.',
  suspended: 'This account is suspended.',
  bot: 'Bot',
};

export type PeopleWords = typeof enPeople;
