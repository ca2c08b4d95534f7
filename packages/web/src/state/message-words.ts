import { words } from '../words/words.js';

/** Content of a message: its text, if its bytes are text, and the ids of its files, if it has any. */
interface MessageContent {
  readonly text: string | undefined;
  readonly fileIds?: readonly string[] | undefined;
}

/** Returns the text of a message for a line elsewhere; of one that has only files, their number. */
export function textOrFiles({ text, fileIds = [] }: MessageContent): string | undefined {
  return text === '' && fileIds.length > 0 ? words().conversation.unsentFiles(fileIds.length) : text;
}
