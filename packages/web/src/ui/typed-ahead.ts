import { words } from '../words/words.js';

/** Media query for a device with a mouse, on which focusing a field opens no keyboard. */
export const fine = '(pointer: fine)';

/** The field that takes the keys until a chat has opened, and the id of the chat. */
let waiting: { readonly id: number; readonly field: HTMLTextAreaElement } | undefined;

/** Takes what the user types from now on, until the chat with this id has opened. */
export function typeAhead(id: number): void {
  if (!matchMedia(fine).matches || waiting?.id === id) return;
  waiting?.field.remove();
  const field = document.createElement('textarea');
  field.className = 'unseen';
  field.ariaLabel = words().common.loading;
  document.body.append(field);
  field.focus();
  waiting = { id, field };
}

/** Returns whether the user types for another chat, which opens next. */
export function typesElsewhere(id: number): boolean {
  return waiting !== undefined && waiting.id !== id;
}

/** Returns what the user typed while a chat opened, and no longer takes the keys. */
export function typedAhead(id: number): string {
  if (waiting?.id !== id) return '';
  const { field } = waiting;
  waiting = undefined;
  field.remove();
  return field.value;
}
