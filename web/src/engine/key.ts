/**
 * The key of the local database. It is random, and lies in IndexedDB only wrapped by an AES-GCM key
 * that the browser will use but never show. Key and database are one: without the key the database
 * is unreadable, and a new key means a new database and a new device.
 */
const DATABASE = "cloister-keys";
const STORE = "keys";
const NAME = "store";
const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;

interface WrappedKey {
  wrapping: CryptoKey;
  nonce: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

/** The key, made now if there is none yet. */
export async function databaseKey(): Promise<Uint8Array<ArrayBuffer>> {
  const keys = await openKeys();
  try {
    const wrapped = await request<WrappedKey | undefined>(keys.transaction(STORE).objectStore(STORE).get(NAME));
    if (wrapped) return await unwrap(wrapped);
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_LENGTH));
    await change(keys, await wrap(bytes));
    return bytes;
  } finally {
    keys.close();
  }
}

/** Forgets the key, and with it everything that the database holds. */
export async function forgetDatabaseKey(): Promise<void> {
  const keys = await openKeys();
  try {
    await change(keys, null);
  } finally {
    keys.close();
  }
}

async function wrap(bytes: Uint8Array<ArrayBuffer>): Promise<WrappedKey> {
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_LENGTH));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, wrapping, bytes);
  return { wrapping, nonce, sealed };
}

async function unwrap({ wrapping, nonce, sealed }: WrappedKey): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, wrapping, sealed));
}

function openKeys(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return request(opening);
}

/** Writes or, with null, removes the key, and waits until the disk has it. */
function change(keys: IDBDatabase, wrapped: WrappedKey | null): Promise<void> {
  const transaction = keys.transaction(STORE, "readwrite", { durability: "strict" });
  const store = transaction.objectStore(STORE);
  if (wrapped) store.put(wrapped, NAME);
  else store.delete(NAME);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the key was not written"));
  });
}

function request<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB did not answer"));
  });
}
