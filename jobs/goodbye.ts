/** How long anything of BullMQ may take to close: where its server is away, its own goodbye may never end. */
const GOODBYE_MS = 2_000;

/** Resolves when it is closed, or has had its time; what could not be closed is ended with its connection. */
export async function withinGoodbye(closing: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GOODBYE_MS);
  });
  await Promise.race([closing.catch(() => undefined), tooLong]);
  clearTimeout(timer);
}
