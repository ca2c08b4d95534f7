import { words } from '../words/words.js';
import { useFileParts } from './files-of-message.js';

/** The attached files, as soon as the parts of the page for them are loaded. */
export function AttachedArea({ channelId }: { channelId: number }) {
  const { parts, isFailed, reload } = useFileParts();
  if (parts !== undefined) return <parts.AttachedFiles channelId={channelId} />;
  const { common, conversation } = words();
  if (!isFailed) return null;
  return (
    <p role="alert">
      {conversation.filesFailed}{' '}
      <button type="button" className="link" onClick={reload}>
        {common.tryAgain}
      </button>
    </p>
  );
}
