import { type RefusedAction, sentence } from './use-action.js';

/**
 * Shows why the last action was refused. Stays in the page when it is empty, so that screen readers
 * notice a change.
 */
export function RefusalLine({ refused }: { refused: RefusedAction | undefined }) {
  return (
    <p className="refusal" role="alert">
      {refused === undefined ? '' : sentence(refused.words)}
    </p>
  );
}
