import type { PageAge, PageUpdates } from '../live/page-updates.js';
import { words } from '../words/words.js';
import { useWatched } from './hooks.js';

function textOf(age: PageAge): string | undefined {
  const { newVersion, replacedVersion } = words().notices;
  if (age === 'older') return newVersion;
  return age === 'replaced' ? replacedVersion : undefined;
}

/** Offers to reload the page once a newer version is there. */
export function NewVersion({ updates }: { updates: PageUpdates }) {
  const text = textOf(useWatched(updates));
  if (text === undefined) return null;
  return (
    <div className="top-notice" role="status">
      <p>{text}</p>
      <button type="button" className="quiet" onClick={() => location.reload()}>
        {words().notices.reload}
      </button>
    </div>
  );
}
