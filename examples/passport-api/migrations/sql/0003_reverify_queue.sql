-- previous_image_can_read: yes
-- phi_columns: none

-- Verifications whose source failed, by reference: the queue itself holds no PHI.
CREATE TABLE IF NOT EXISTS passport.reverify_queue (
    credential_id uuid PRIMARY KEY REFERENCES passport.credentials (id) ON DELETE CASCADE,
    waiting_since timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    last_reason text
);

CREATE INDEX IF NOT EXISTS reverify_queue_by_next_try ON passport.reverify_queue (next_try_at);
