/** Which conversation the parts around belong to. */
import { createContext, use } from "react";

export interface Place {
  channel: string;
  guild: string | null;
}

const PlaceContext = createContext<Place>({ channel: "", guild: null });

export const PlaceProvider = PlaceContext;
export const usePlace = () => use(PlaceContext);
