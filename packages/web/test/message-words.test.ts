import { textOrFiles } from '../src/state/message-words.js';

test('a message with files only is named by the word for them; its text comes first', () => {
  expect(textOrFiles({ text: '', fileIds: ['f'] })).toBe('Files');
  expect(textOrFiles({ text: 'look', fileIds: ['f'] })).toBe('look');
  expect([textOrFiles({ text: '' }), textOrFiles({ text: undefined, fileIds: ['f'] })]).toEqual(['', undefined]);
});
