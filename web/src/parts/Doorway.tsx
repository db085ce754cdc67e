/** The frame of every page before one is inside: a door in a walk of arches. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { path } from "../paths";
import { Arcade, Mark } from "../ui/Arch";
import { app, certificate } from "../words";
import "./doorway.css";

export function Doorway({ title, lead, children, foot, picture }: { title: string; lead?: ReactNode; children?: ReactNode; foot?: ReactNode; picture?: ReactNode }) {
  return (
    <div className="gate">
      <div className="gate-walk">
        <Arcade />
      </div>
      <main className="door">
        <div className="door-top">
          {picture ?? <Mark size={44} />}
          {picture === undefined && <p className="door-mark serif">{app.name}</p>}
        </div>
        <div className="door-body">
          <header className="door-head">
            <h1 className="serif" dir="auto">
              {title}
            </h1>
            {lead !== undefined && (
              <p className="door-lead" dir="auto">
                {lead}
              </p>
            )}
          </header>
          {children}
        </div>
        {foot !== undefined && <div className="door-foot">{foot}</div>}
      </main>
      <footer className="gate-foot">
        <Link href={path.certificate()}>{certificate.short}</Link>
      </footer>
    </div>
  );
}
