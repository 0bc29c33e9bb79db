        WHERE position <= setting.upto
        ORDER BY position DESC
