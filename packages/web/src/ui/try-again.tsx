import { words } from '../words/words.js';

/** The button after something that failed. */
export function TryAgain({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" className="link" onClick={onClick}>
      {words().common.tryAgain}
    </button>
  );
}
