import { textOrFiles } from '../src/state/message-words.js';

test('a message with files only is named by their number; its text comes first', () => {
  expect(textOrFiles({ text: '', fileIds: ['f'] })).toBe('1 file');
  expect(textOrFiles({ text: 'look', fileIds: ['f'] })).toBe('look');
  expect([textOrFiles({ text: '' }), textOrFiles({ text: undefined, fileIds: ['f'] })]).toEqual(['', undefined]);
});
