-- previous_image_can_read: yes
-- phi_columns: none

-- A column with no default that is not NOT NULL: the image before this one never names it.
ALTER TABLE passport.credentials ADD COLUMN IF NOT EXISTS expires_at timestamptz;

CREATE INDEX IF NOT EXISTS credentials_by_expiry ON passport.credentials (expires_at)
WHERE expires_at IS NOT NULL;
