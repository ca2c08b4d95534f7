import type { PageAge, PageUpdates } from '../live/page-updates.js';
import { useWatched } from './hooks.js';

const words: Readonly<Partial<Record<PageAge, string>>> = {
  older: 'There is a new version of Parley. Drafts and unsent messages are kept.',
  replaced: 'A newer version of Parley runs in another tab. Until you reload, this tab stores nothing that you write.',
};

/** Offers to reload the page once a newer version is there. */
export function NewVersion({ updates }: { updates: PageUpdates }) {
  const text = words[useWatched(updates)];
  if (text === undefined) return null;
  return (
    <div className="top-notice" role="status">
      <p>{text}</p>
      <button type="button" className="quiet" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  );
}
