import { words } from '../words/words.js';
import { useFileParts } from './files-of-message.js';
import { TryAgain } from './try-again.js';

/** The attached files, as soon as the parts of the page for them are loaded. */
export function AttachedArea({ channelId }: { channelId: number }) {
  const { parts, isFailed, reload } = useFileParts();
  if (parts !== undefined) return <parts.AttachedFiles channelId={channelId} />;
  const { conversation } = words();
  if (!isFailed) return null;
  return (
    <p role="alert">
      {conversation.filesFailed} <TryAgain onClick={reload} />
    </p>
  );
}
