const answerDelay_ms = 15;

/** As long as an engine takes to answer. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, answerDelay_ms);
  });
}
