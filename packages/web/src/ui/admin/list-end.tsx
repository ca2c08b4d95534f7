import { adminWords } from '../../words/admin.js';
import { words } from '../../words/words.js';
import { AdminRefusal } from './admin-refusal.js';
import type { Pages } from './use-pages.js';

interface ListEndProps<R> {
  readonly list: Pages<R>;
  /** Text for an empty list. */
  readonly none?: string;
}

/** What stands below a list: that it is empty or loading, the button for more, or why it could not be read. */
export function ListEnd<R>({ list: { rows, next, isLoaded, isBusy, refused, more }, none }: ListEndProps<R>) {
  return (
    <div className="list-end">
      {isLoaded && rows.length === 0 && <p className="hint">{none ?? adminWords().nothing}</p>}
      {isBusy && !isLoaded && <p className="hint">{words().common.loading}</p>}
      <AdminRefusal refused={refused} />
      {next !== '' && (
        <button type="button" className="quiet" disabled={isBusy} onClick={more}>
          {words().common.more}
        </button>
      )}
      {refused !== undefined && !isLoaded && (
        <button type="button" className="quiet" onClick={more}>
          {words().common.tryAgain}
        </button>
      )}
    </div>
  );
}
