/** Texts about the keys. */
export const enShortcuts = {
  title: 'Keyboard shortcuts',
  anywhere: 'Anywhere',
  switcher: 'Go to a chat or room',
  next: 'Next chat',
  previous: 'Previous chat',
  nextUnread: 'Next chat with something new',
  previousUnread: 'Previous chat with something new',
  settings: 'Settings',
  shortcuts: 'This list',
  close: 'Close a dialog or menu',
  writing: 'While you write',
  send: 'Send',
  newLine: 'New line',
  editLast: 'Edit your last message, if the field is empty',
  cancel: 'Cancel a reply or an edit',
  reading: 'In the messages',
  move: 'Move between messages',
  latest: 'Jump to the latest message',
  ctrl: 'Ctrl',
  shift: 'Shift',
  end: 'End',
};

export type ShortcutsWords = typeof enShortcuts;
