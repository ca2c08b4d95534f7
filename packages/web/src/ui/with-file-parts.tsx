import type { ReactNode } from 'react';
import { words } from '../words/words.js';
import { type FileParts, useFileParts } from './files-of-message.js';
import { TryAgain } from './try-again.js';

/** Shows the result of `show` as soon as the parts of the page for files are loaded. */
export function WithFileParts({ show }: { show: (parts: FileParts) => ReactNode }) {
  const { parts, isFailed, reload } = useFileParts();
  if (parts !== undefined) return show(parts);
  const { conversation } = words();
  if (!isFailed) return null;
  return (
    <p role="alert">
      {conversation.filesFailed} <TryAgain onClick={reload} />
    </p>
  );
}
