import { words } from '../words/words.js';
import { TryAgain } from './try-again.js';
import { useLoaded } from './use-loaded.js';

export type FileParts = typeof import('./file-parts.js');

/** The parts of the page for files, once they are loaded. */
let parts: FileParts | undefined;

async function loadParts(): Promise<FileParts> {
  parts = await import('./file-parts.js');
  return parts;
}

/** Returns the parts of the page for files when they are loaded. */
export function useFileParts() {
  const { value = parts, refused, reload } = useLoaded(loadParts);
  return { parts: value, isFailed: refused !== undefined, reload };
}

/** The files of a message, as soon as the parts of the page for them are loaded. */
export function FilesOfMessage({ ids }: { ids: readonly string[] }) {
  const { parts: loaded, isFailed, reload } = useFileParts();
  const { common, conversation } = words();
  if (loaded !== undefined) return <loaded.MessageFiles ids={ids} />;
  if (!isFailed) return <p className="gone">{common.loading}</p>;
  return (
    <p className="gone">
      {conversation.filesFailed} <TryAgain onClick={reload} />
    </p>
  );
}
