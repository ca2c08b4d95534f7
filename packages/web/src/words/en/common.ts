/** Texts that many parts of the page use. */
export const enCommon = {
  close: 'Close',
  cancel: 'Cancel',
  more: 'Show more',
  loading: 'Loading…',
  searching: 'Searching…',
  noName: '(no name)',
  you: 'you',
  tryAgain: 'Try again',
  discard: 'Discard',
  copied: 'Copied',
  notCopied: (text: string) => `This browser does not allow copying here. Select the text instead: ${text}`,
  copyLink: 'Copy link',
  name: 'Name',
  allChats: 'All chats',
  allRooms: 'All rooms',
  unread: (count: string) => `${count} unread`,
  notSent: (count: number) => `${count} not sent`,
  others: (count: number) => `And ${count} more.`,
  pageFailed: 'Something went wrong in this page. Try again.',
  partFailed:
    'This part of the page could not be loaded. Check your connection, then try again. If that does not help, reload the page.',
  storageFull: 'The storage of this browser is full. Free some space, then try again.',
  unsaved:
    'This browser cannot store messages and drafts: its storage is full or blocked. Anything unsent is lost when you close or reload this page.',
  ok: 'OK',
};

export type CommonWords = typeof enCommon;
